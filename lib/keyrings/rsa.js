'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { native } = require('../errors.js');
const { privateDer, publicDer } = require('./key-der.js');

const WHAT = 'an RSA key';
const OPTIONS = /** @type {const} */ ([
  'keyNamespace',
  'keyName',
  'publicKey',
  'privateKey',
  'padding',
]);

/**
 * The native keyring of an RSA key pair.
 *
 * @param {unknown} options
 */
function rsaKeyring(options) {
  const checkedOptions = args.options(options, OPTIONS);
  const namespace = args.string(checkedOptions.keyNamespace, 'keyNamespace');
  const name = args.string(checkedOptions.keyName, 'keyName');
  const padding = args.optionalString(checkedOptions.padding, 'padding') ?? 'oaep-sha256';
  const publicKey =
    checkedOptions.publicKey === undefined
      ? undefined
      : publicDer(checkedOptions.publicKey, 'publicKey', WHAT);
  const privateKey =
    checkedOptions.privateKey === undefined
      ? undefined
      : privateDer(checkedOptions.privateKey, 'privateKey', WHAT);
  try {
    return native(() => binding.Keyring.rawRsa(namespace, name, padding, publicKey, privateKey));
  } finally {
    privateKey?.fill(0);
  }
}

module.exports = { rsaKeyring };
