'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { GUARD_OPTIONS, guardOptions } = require('./guard.js');
const { ACCESS_OPTIONS, accessOptions, credentialsOf } = require('./kms.js');
const { publicDer } = require('./key-der.js');

/** The ARN names the Region, and related multi-Region keys count as one key. */
const ACCESS = ACCESS_OPTIONS.filter((name) => name !== 'region');
const OPTIONS = /** @type {const} */ ([
  'keyId',
  'publicKey',
  'padding',
  ...ACCESS,
  ...GUARD_OPTIONS,
]);

/**
 * Returns the native keyring of an `AwsKmsRsaKeyring`'s options.
 *
 * @param {unknown} options
 */
function kmsRsaKeyring(options) {
  const checkedOptions = args.options(options, OPTIONS);
  const keyId = args.nameString(checkedOptions.keyId, 'keyId');
  const padding = args.optionalString(checkedOptions.padding, 'padding') ?? 'oaep-sha256';
  const publicKey =
    checkedOptions.publicKey === undefined
      ? undefined
      : publicDer(checkedOptions.publicKey, 'publicKey', 'an RSA key');
  return binding.Keyring.awsKmsRsa(
    keyId,
    padding,
    publicKey,
    accessOptions(checkedOptions),
    guardOptions(checkedOptions),
    credentialsOf(checkedOptions),
  );
}

module.exports = { kmsRsaKeyring };
