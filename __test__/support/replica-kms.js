'use strict';

const crypto = require('node:crypto');
const { isDeepStrictEqual } = require('node:util');

const { refusal, startFakeKms } = require('./fake-kms');

const OWN_ACCOUNT = '111122223333';

/**
 * A KMS with multi-Region keys, which moto cannot use: a key whose id starts with `mrk-` is in every
 * Region, and unwraps there what it wrapped elsewhere. Any other key is where its ARN says. A bare key
 * id is that of the caller's account.
 */
async function startReplicaKms() {
  const calls = [];
  const { endpoint, stop } = await startFakeKms((operation, body, _, region) => {
    calls.push(`${operation} ${body.KeyId} in ${region}`);
    const KeyId = body.KeyId.startsWith('arn:')
      ? body.KeyId
      : `arn:aws:kms:${region}:${OWN_ACCOUNT}:key/${body.KeyId}`;
    return operations[operation]({ ...body, KeyId }, region);
  });
  return { endpoint, stop, calls };
}

const operations = {
  GenerateDataKey({ NumberOfBytes, ...body }, region) {
    const Plaintext = crypto.randomBytes(NumberOfBytes).toString('base64');
    const answer = operations.Encrypt({ ...body, Plaintext }, region);
    return answer.status ? answer : { body: { ...answer.body, Plaintext } };
  },

  Encrypt({ KeyId, Plaintext, EncryptionContext = {} }, region) {
    if (regionOf(KeyId) !== region) return refusal('NotFoundException');
    const blob = JSON.stringify([keyOf(KeyId), EncryptionContext, Plaintext]);
    return { body: { KeyId, CiphertextBlob: Buffer.from(blob).toString('base64') } };
  },

  Decrypt({ KeyId, CiphertextBlob, EncryptionContext = {} }, region) {
    if (regionOf(KeyId) !== region) return refusal('NotFoundException');
    const [key, context, Plaintext] = JSON.parse(Buffer.from(CiphertextBlob, 'base64').toString());
    if (key !== keyOf(KeyId)) return refusal('IncorrectKeyException');
    if (!isDeepStrictEqual(context, EncryptionContext))
      return refusal('InvalidCiphertextException');
    return { body: { KeyId, Plaintext } };
  },
};

/** Returns the part of an ARN that related multi-Region keys share: all but the Region. */
function keyOf(arn) {
  return arn.includes(':key/mrk-') ? arn.replace(regionOf(arn), '*') : arn;
}

function regionOf(arn) {
  return arn.split(':')[3];
}

module.exports = { startReplicaKms };
