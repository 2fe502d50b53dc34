'use strict';

const { EnvelopeError } = require('./lib/errors.js');
const { Envelope } = require('./lib/envelope.js');
const { inspect } = require('./lib/header.js');
const { AwsKmsKeyring, LocalKeyring, RawAesKeyring } = require('./lib/keyrings.js');
const { decrypt, decryptDataKey, encrypt, generateDataKey } = require('./lib/functions.js');

module.exports = {
  AwsKmsKeyring,
  Envelope,
  EnvelopeError,
  LocalKeyring,
  RawAesKeyring,
  decrypt,
  decryptDataKey,
  encrypt,
  generateDataKey,
  inspect,
};
