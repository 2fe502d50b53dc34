'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const { before, beforeEach, describe, it } = require('node:test');

const api = require('../..');
const { AwsKmsKeyring, Envelope, LocalKeyring, MultiKeyring, inspect } = api;
const { flip } = require('../support/edits');
const { temporaryFolder } = require('../support/files');
const { rawAes } = require('../support/raw-aes');
const { rejection, thrown } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { newKeyring, temporaryMoto } = require('../support/temporary-moto');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const encryptionContext = { tenant: 'acme' };

describe('MultiKeyring', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(rawAesNamed);
  const local = LocalKeyring.generate(path.join(temporaryFolder(), 'key'));
  const multi = (generator, ...children) =>
    new MultiKeyring({ ...(generator && { generator }), children });
  const using = (keyring) => new Envelope({ keyring });

  it('wraps the data key with each keyring, and any of them decrypts', async () => {
    const all = using(multi(a, b, local));
    for (const message of [
      all.encryptSync('x', { encryptionContext }),
      await all.encrypt('x', { encryptionContext }),
    ]) {
      const names = inspect(message).encryptedDataKeys.map(({ keyName }) => keyName);
      assert.deepEqual(names.slice(0, 2), ['a', 'b']);
      assert.equal(names.length, 3);
      for (const keyring of [a, b, local, multi(c, b), multi(undefined, c, local)]) {
        const plaintext = using(keyring).decryptSync(message, { encryptionContext });
        assert.equal(plaintext.toString(), 'x');
      }
    }
  });

  it('makes one data key for a message, and another for the next', () => {
    const all = using(multi(a, b));
    const [first, second] = [all.encryptSync('x'), all.encryptSync('x')];
    const wrapped = (message) => inspect(message).encryptedDataKeys.map((key) => key.ciphertext);
    for (const i of [0, 1]) assert.notDeepEqual(wrapped(first)[i], wrapped(second)[i]);
  });

  it('can hold other multi-keyrings', () => {
    const message = using(multi(multi(a, b), multi(undefined, c))).encryptSync('x');
    for (const keyring of [a, b, c, multi(multi(multi(c)))]) {
      assert.equal(using(keyring).decryptSync(message).toString(), 'x');
    }
  });

  it('says why each keyring failed, if none succeeds', async () => {
    const message = using(rawAesNamed('theirs')).encryptSync('x');
    const keyring = multi(a, multi(undefined, b, c));
    for (const error of [
      thrown(() => using(keyring).decryptSync(message), 'NO_USABLE_KEY'),
      await rejection(using(keyring).decrypt(message), 'NO_USABLE_KEY'),
    ]) {
      assert.match(error.message, /"theirs"/);
      assert.equal(error.errors.length, 2);
      const [first, nested] = error.errors;
      assert.match(first.message, /"theirs".*"a"/);
      assert.deepEqual(
        nested.errors.map(({ message: text }) => /key "([bc])"/.exec(text)[1]),
        ['b', 'c'],
      );
    }
  });

  it('fails where the data was changed, whoever unwrapped the data key', () => {
    const message = using(multi(a, b)).encryptSync('x', { encryptionContext });
    const changed = flip(message, 'final tag');
    thrown(() => using(multi(c, b)).decryptSync(changed), 'AUTHENTICATION_FAILED');
    const moved = Buffer.from(message.toString('latin1').replace('acme', 'evil'), 'latin1');
    const error = thrown(() => using(multi(a, b)).decryptSync(moved), 'NO_USABLE_KEY');
    assert.equal(error.errors.length, 2, 'the context is bound to each wrapped data key');
  });

  it('only decrypts without a generator', async () => {
    const reader = using(multi(undefined, a, b));
    assert.equal(reader.decryptSync(using(b).encryptSync('x')).toString(), 'x');
    for (const call of [reader.encrypt('x'), reader.generateDataKey()]) {
      assert.match((await rejection(call, 'INVALID_ARGUMENT')).message, /`generator`/);
    }
  });

  it('refuses a second generator among the children', () => {
    const error = thrown(() => using(multi(a, multi(b, c))).encryptSync('x'), 'INVALID_ARGUMENT');
    assert.match(error.message, /generator/);
    const message = using(c).encryptSync('x');
    assert.equal(
      using(multi(a, multi(b, c)))
        .decryptSync(message)
        .toString(),
      'x',
    );
  });

  it('gives data keys of the generator, and unwraps those of any keyring', async () => {
    const made = await using(multi(a, b)).generateDataKey({ encryptionContext });
    assert.equal(made.keyId, 'a');
    const found = await using(multi(b, a)).decryptDataKey(made.ciphertextBlob, {
      encryptionContext,
    });
    assert.deepEqual([found.plaintext, found.keyId], [made.plaintext, 'a']);
    const refused = using(multi(b, c)).decryptDataKey(made.ciphertextBlob, { encryptionContext });
    assert.equal((await rejection(refused, 'NO_USABLE_KEY')).errors.length, 2);
  });

  it('works in streams, ranges and re-encryption', async () => {
    const plaintext = crypto.randomBytes(200_000);
    const all = using(multi(a, b));
    const pieces = [];
    await pipeline([plaintext], all.encryptStream(), async (source) => {
      for await (const piece of source) pieces.push(piece);
    });
    const message = Buffer.concat(pieces);
    const end = 100_000;
    const range = await using(b).decryptRange(message, { start: 10, end });
    assert.ok(range.equals(plaintext.subarray(10, end)));
    const again = await using(b).reEncrypt(message, using(multi(c, local)));
    assert.ok(using(local).decryptSync(again).equals(plaintext));
    thrown(() => using(multi(a, b)).decryptSync(again), 'NO_USABLE_KEY');
  });

  it('refuses what are no keyrings', () => {
    for (const [options, expected] of [
      [undefined, /needs a keyring/],
      [{}, /needs a keyring/],
      [{ children: [] }, /needs a keyring/],
      [{ generator: {} }, /generator must be a keyring/],
      [{ generator: null }, /generator must be a keyring/],
      [{ generator: using(a) }, /generator must be a keyring/],
      [{ generator: a, children: b }, /children must be an array/],
      [{ generator: a, children: [b, 'alias/app'] }, /children\[1\] must be a keyring/],
      [{ generator: a, children: [undefined] }, /children\[0\] must be a keyring/],
      [{ generator: a, children: Array(1) }, /children must hold values, but its item 0 is none/],
      [{ generator: a, child: [b] }, /no option "child"/],
    ]) {
      assert.match(thrown(() => new MultiKeyring(options), 'INVALID_ARGUMENT').message, expected);
    }
  });

  it('keeps its keyrings, whatever becomes of the array', () => {
    const children = [b];
    const all = using(new MultiKeyring({ generator: a, children }));
    children.length = 0;
    assert.equal(inspect(all.encryptSync('x')).encryptedDataKeys.length, 2);
  });
});

describe('MultiKeyring with AWS KMS (moto)', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let kms;
  let everyone;
  const backup = rawAesNamed('backup');
  const calls = () => moto.operations();

  before(async () => {
    kms = await newKeyring(moto);
    everyone = new Envelope({ keyring: new MultiKeyring({ generator: kms, children: [backup] }) });
  });
  beforeEach(() => moto.clearRequests());

  it('makes one call to encrypt and one to decrypt', async () => {
    const message = await everyone.encrypt('x', { encryptionContext });
    assert.equal(String(await everyone.decrypt(message, { encryptionContext })), 'x');
    assert.deepEqual(await calls(), ['GenerateDataKey', 'Decrypt']);
    assert.equal(new Envelope({ keyring: backup }).decryptSync(message).toString(), 'x');
  });

  it('decrypts without KMS where a local key is asked first', async () => {
    const message = await everyone.encrypt('x');
    await moto.clearRequests();
    const children = [backup, kms];
    const reader = new Envelope({ keyring: new MultiKeyring({ children }) });
    assert.equal(String(await reader.decrypt(message)), 'x');
    assert.deepEqual(await calls(), []);
  });

  it('decrypts with the local key when KMS is out of reach', async () => {
    const message = await everyone.encrypt('x');
    const [{ keyName: keyId }] = inspect(message).encryptedDataKeys;
    const unreachable = new AwsKmsKeyring({
      keyId,
      endpoint: 'http://127.0.0.1:9',
      maxAttempts: 1,
    });
    const reader = (...children) =>
      new Envelope({ keyring: new MultiKeyring({ generator: unreachable, children }) });
    assert.equal(String(await reader(backup).decrypt(message)), 'x');
    const error = await rejection(reader(rawAesNamed('other')).decrypt(message), 'NO_USABLE_KEY');
    assert.equal(error.errors[0].code, 'ERR_ENVELOPE_KMS_UNREACHABLE');
    assert.equal(error.retryable, true);
  });

  it('cannot be waited for in a synchronous call, if one keyring asks KMS', async () => {
    const message = await everyone.encrypt('x');
    thrown(() => everyone.encryptSync('x'), 'WOULD_BLOCK');
    thrown(() => everyone.decryptSync(message), 'WOULD_BLOCK');
  });
});

/** A keyring whose key its name determines. */
function rawAesNamed(keyName) {
  const wrappingKey = crypto.createHash('sha256').update(keyName).digest();
  return rawAes(keyName, wrappingKey);
}
