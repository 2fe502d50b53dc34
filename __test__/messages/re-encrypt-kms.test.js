'use strict';

const assert = require('node:assert/strict');
const { before, beforeEach, describe, it } = require('node:test');

const { Envelope } = require('../..');
const { flip } = require('../support/edits');
const { rawAes } = require('../support/raw-aes');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { cut, through } = require('../support/streams');
const { newKeyring, temporaryMoto } = require('../support/temporary-moto');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const MIB = 1024 * 1024;

const from = new Envelope({ keyring: rawAes('old'), frameLength: 1000 });
const to = new Envelope({ keyring: rawAes('new') });

/** Both forms of it, as a function of a message, the target and the options. */
const FORMS = {
  reEncrypt: (message, target, options) => from.reEncrypt(message, target, options),
  reEncryptStream: async (message, target, options) => {
    const stream = from.reEncryptStream(target, options);
    const { output, error } = await through(stream, cut(message, 3 * MIB));
    if (error) throw error;
    return output;
  },
};

describe('re-encryption and AWS KMS (moto)', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let kms;
  let other;
  const calls = () => moto.operations();

  before(async () => {
    kms = new Envelope({ keyring: await newKeyring(moto) });
    other = new Envelope({ keyring: await newKeyring(moto) });
  });
  beforeEach(() => moto.clearRequests());

  for (const [form, reEncrypt] of Object.entries(FORMS)) {
    it(`${form}: re-encrypting to KMS makes one call`, async () => {
      const encryptionContext = { tenant: 'acme' };
      const message = from.encryptSync('x', { encryptionContext });
      const result = await reEncrypt(message, kms);
      assert.deepEqual(await calls(), ['GenerateDataKey']);
      assert.deepEqual((await moto.requests())[0].encryptionContext, encryptionContext);
      assert.equal((await kms.decrypt(result, { encryptionContext })).toString(), 'x');
    });

    it(`${form}: a message that cannot be decrypted causes no call`, async () => {
      const message = flip(from.encryptSync('x'), 'header tag');
      await rejection(reEncrypt(message, other), 'AUTHENTICATION_FAILED');
      await rejection(reEncrypt(await to.encrypt('x'), other), 'NO_USABLE_KEY');
      const options = { encryptionContext: { a: 'b' } };
      await rejection(reEncrypt(from.encryptSync('x'), other, options), 'CONTEXT_MISMATCH');
      await rejection(
        reEncrypt(from.encryptSync('x'), other, { newEncryptionContext: { a: 1 } }),
        'INVALID_ARGUMENT',
      );
      assert.deepEqual(await calls(), []);
    });
  }

  it('re-encrypting from KMS to KMS makes one call to each key', async () => {
    const message = await kms.encrypt('x');
    await moto.clearRequests();
    const result = await kms.reEncrypt(message, other);
    assert.deepEqual(await calls(), ['Decrypt', 'GenerateDataKey']);
    await moto.clearRequests();
    const { output } = await through(kms.reEncryptStream(other), cut(message, 10));
    assert.deepEqual(await calls(), ['Decrypt', 'GenerateDataKey']);
    for (const made of [result, output]) assert.equal(String(await other.decrypt(made)), 'x');
  });
});
