'use strict';

// What lib/ does must be what index.d.ts says: each assignment fails to compile if it is not.
const { Envelope } = require('../../lib/envelope.js');
const { EnvelopeError } = require('../../lib/errors.js');
const functions = require('../../lib/functions.js');
const { inspect } = require('../../lib/header.js');
const keyrings = require('../../lib/keyrings/index.js');
const { OutputPool } = require('../../lib/whole/output-pool.js');

const { AwsKmsKeyring, LocalKeyring, MultiKeyring, RawAesKeyring } = keyrings;

/** @typedef {typeof import('../../index.js')} Api */

/** @type {Pick<Api, 'decrypt' | 'decryptDataKey' | 'encrypt' | 'generateDataKey' | 'inspect'>} */
const implementedFunctions = { ...functions, inspect };

/** @type {Api['Envelope']} */
const implementedEnvelope = Envelope;

/** @type {import('../../index.js').EnvelopeError} */
const implementedError = new EnvelopeError('ERR_ENVELOPE_INTERNAL', 'a message');

/** @type {(...args: ConstructorParameters<Api['AwsKmsKeyring']>) => object} */
const awsKms = (options) => new AwsKmsKeyring(options);

/** @type {(...args: ConstructorParameters<Api['MultiKeyring']>) => object} */
const multi = (options) => new MultiKeyring(options);

/** @type {(...args: ConstructorParameters<Api['RawAesKeyring']>) => object} */
const rawAes = (options) => new RawAesKeyring(options);

/** @type {(...args: Parameters<Api['LocalKeyring']['generate']>) => object} */
const local = (path) => LocalKeyring.generate(path) ?? new LocalKeyring(path);

/** @type {(...args: ConstructorParameters<Api['OutputPool']>) => Pick<InstanceType<Api['OutputPool']>, 'clear' | 'idleBytes'>} */
const outputPool = (options) => new OutputPool(options);

module.exports = {
  awsKms,
  implementedEnvelope,
  implementedError,
  implementedFunctions,
  local,
  multi,
  outputPool,
  rawAes,
};
