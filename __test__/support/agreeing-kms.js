'use strict';

const crypto = require('node:crypto');

const { refusal, startFakeKms } = require('./fake-kms');

const CURVES = /** @type {const} */ ({
  ECC_NIST_P256: 'P-256',
  ECC_NIST_P384: 'P-384',
  ECC_NIST_P521: 'P-521',
});

/**
 * A KMS with one key pair of each curve, whose DeriveSharedSecret returns the secret itself, as that of AWS
 * does: moto has no such call, and LocalStack returns a key derived from the secret.
 *
 * @param {(operation: string, body: any) => import('./fake-kms').Answer | undefined} [fault] answers first
 */
async function startAgreeingKms(fault = () => undefined) {
  const pairs = new Map(
    Object.entries(CURVES).map(([spec, namedCurve], i) => {
      const arn = `arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890a${i}`;
      return [arn, { spec, ...crypto.generateKeyPairSync('ec', { namedCurve }) }];
    }),
  );
  const operations = [];
  const kms = await startFakeKms((operation, body) => {
    operations.push(operation);
    return fault(operation, body) ?? answered(pairs, operation, body);
  });
  return {
    ...kms,
    /** What was asked, oldest first. */
    operations,
    /** The key of a curve. */
    key(spec) {
      const [arn, { publicKey }] = [...pairs].find(([, pair]) => pair.spec === spec);
      return { arn, publicKey };
    },
  };
}

function answered(pairs, operation, body) {
  const { KeyId } = body;
  const pair = pairs.get(KeyId);
  if (!pair) return refusal('NotFoundException');
  const KeyUsage = 'KEY_AGREEMENT';
  if (operation === 'GetPublicKey') {
    const PublicKey = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    return { body: { KeyId, KeyUsage, KeySpec: pair.spec, PublicKey } };
  }
  const { KeyAgreementAlgorithm, PublicKey } = body;
  const der = Buffer.from(PublicKey, 'base64');
  const publicKey = crypto.createPublicKey({ key: der, format: 'der', type: 'spki' });
  const secret = crypto.diffieHellman({ privateKey: pair.privateKey, publicKey });
  return { body: { KeyId, KeyAgreementAlgorithm, SharedSecret: secret.toString('base64') } };
}

module.exports = { CURVES, startAgreeingKms };
