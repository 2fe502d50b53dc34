'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { invalid, native } = require('../errors.js');
const { GUARD_OPTIONS, guardOptions } = require('./guard.js');
const { ACCESS_OPTIONS, accessOptions, credentialsOf } = require('./kms.js');
const { privateDer, publicDer } = require('./key-der.js');

const WHAT = 'a key of the curve that curveSpec names';
/** The ARN names the Region, and related multi-Region keys are not taken for one. */
const ACCESS = ACCESS_OPTIONS.filter((name) => name !== 'region');
const RAW_OPTIONS = /** @type {const} */ (['curveSpec', 'privateKey', 'recipientPublicKey']);
const KMS_OPTIONS = /** @type {const} */ ([
  'curveSpec',
  'keyId',
  'publicKey',
  'recipientPublicKey',
  ...ACCESS,
  ...GUARD_OPTIONS,
]);

/**
 * Returns the native keyring of a `RawEcdhKeyring`'s options.
 *
 * @param {unknown} options
 */
function rawEcdhKeyring(options) {
  const checkedOptions = args.options(options, RAW_OPTIONS);
  refuseUndefined(checkedOptions, ['privateKey', 'recipientPublicKey']);
  const curveSpec = args.string(checkedOptions.curveSpec, 'curveSpec');
  const recipient = optionalPublicDer(checkedOptions.recipientPublicKey, 'recipientPublicKey');
  const privateKey =
    checkedOptions.privateKey === undefined
      ? undefined
      : privateDer(checkedOptions.privateKey, 'privateKey', WHAT);
  try {
    return native(() => binding.Keyring.rawEcdh(curveSpec, privateKey, recipient));
  } finally {
    privateKey?.fill(0);
  }
}

/**
 * Returns the native keyring of an `AwsKmsEcdhKeyring`'s options.
 *
 * @param {unknown} options
 */
function kmsEcdhKeyring(options) {
  const checkedOptions = args.options(options, KMS_OPTIONS);
  refuseUndefined(checkedOptions, ['recipientPublicKey']);
  const keyId = args.nameString(checkedOptions.keyId, 'keyId');
  const curveSpec = args.string(checkedOptions.curveSpec, 'curveSpec');
  return binding.Keyring.awsKmsEcdh(
    keyId,
    curveSpec,
    optionalPublicDer(checkedOptions.publicKey, 'publicKey'),
    optionalPublicDer(checkedOptions.recipientPublicKey, 'recipientPublicKey'),
    accessOptions(checkedOptions),
    guardOptions(checkedOptions),
    credentialsOf(checkedOptions),
  );
}

/**
 * Refuses keys that are there, but undefined: which keys are given decides who can read and write, and a
 * variable that was never set must not.
 *
 * @param {object} options
 * @param {string[]} names
 */
function refuseUndefined(options, names) {
  for (const name of names) {
    if (Object.hasOwn(options, name) && Reflect.get(options, name) === undefined) {
      throw invalid(`${name} is undefined; give the key, or leave the option out`);
    }
  }
}

/**
 * @param {unknown} key
 * @param {string} name
 */
function optionalPublicDer(key, name) {
  return key === undefined ? undefined : publicDer(key, name, WHAT);
}

module.exports = { kmsEcdhKeyring, rawEcdhKeyring };
