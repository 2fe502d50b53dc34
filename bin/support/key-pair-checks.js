'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');

const { checkUse, failure, skipped, works } = require('./checks.js');
const { library } = require('./library.js');

/** The curves of KMS keys for key agreement, by their names in Node.js. */
const CURVES = /** @type {Record<string, import('../..').EcdhCurveSpec>} */ ({
  prime256v1: 'ECC_NIST_P256',
  secp384r1: 'ECC_NIST_P384',
  secp521r1: 'ECC_NIST_P521',
});

/**
 * Returns whether a file has the public key of a key pair in KMS, and whether that key pair encrypts and
 * decrypts: an RSA key, or one for key agreement, which then agrees with itself.
 *
 * @param {string} file
 * @param {string} key the ARN of the key pair
 * @param {import('./checks.js').CheckOptions} options
 * @returns {Promise<import('./checks.js').Check[]>}
 */
async function checkKeyPair(file, key, options) {
  const { Envelope } = library();
  const name = 'public key';
  let keyring;
  try {
    keyring = keyringOf(file, key);
    await Envelope.open({ keyring }, { signal: options.signal });
  } catch (error) {
    const reason = 'the public key is not that of a usable key';
    return [failure(name, error, key), skipped('encrypt', reason), skipped('decrypt', reason)];
  }
  const envelope = new Envelope({ keyring });
  return [
    works(name, `${file} is that of the key`),
    ...(await checkUse(() => envelope, options, key)),
  ];
}

/**
 * @param {string} file
 * @param {string} keyId
 */
function keyringOf(file, keyId) {
  const { AwsKmsEcdhKeyring, AwsKmsRsaKeyring } = library();
  const publicKey = crypto.createPublicKey(fs.readFileSync(file, 'utf8'));
  const curveSpec = CURVES[publicKey.asymmetricKeyDetails?.namedCurve ?? ''];
  if (!curveSpec) return new AwsKmsRsaKeyring({ keyId, publicKey });
  return new AwsKmsEcdhKeyring({ keyId, curveSpec, publicKey, recipientPublicKey: publicKey });
}

module.exports = { checkKeyPair };
