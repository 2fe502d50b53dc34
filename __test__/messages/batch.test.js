'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { before, beforeEach, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope, MultiKeyring, inspect } = require('../..');
const { flip, truncate } = require('../support/edits');
const { rawAes } = require('../support/raw-aes');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { newKeyring, temporaryMoto } = require('../support/temporary-moto');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const MIB = 1024 * 1024;
const encryptionContext = { table: 'users' };
const keyring = rawAes('key');
const envelope = new Envelope({ keyring });

describe('a batch', () => {
  it('gives a message for each item, in order, which decrypt reads one by one', async () => {
    const items = Array.from({ length: 1000 }, (_, i) => crypto.randomBytes(i));
    const messages = values(await envelope.encryptBatch(items, { encryptionContext }));
    assert.equal(messages.length, 1000);
    for (const [i, message] of messages.entries()) {
      const options = { encryptionContext };
      assert.ok((await envelope.decrypt(message, options)).equals(items[i]), `item ${i}`);
    }
  });

  it('has one data key, and a message id for each message', async () => {
    const headers = values(await envelope.encryptBatch(strings(100))).map(inspect);
    const different = (of) => new Set(headers.map(of)).size;
    assert.equal(
      different((header) => header.encryptedDataKeys[0].ciphertext.toString('hex')),
      1,
    );
    assert.equal(
      different((header) => header.messageId.toString('hex')),
      100,
    );
  });

  it('decrypts messages of a batch, signed ones and those of encrypt, all in one call', async () => {
    const items = strings(300);
    const signed = new Envelope({ keyring, algorithmSuite: 0x0578 });
    const messages = [
      ...values(await envelope.encryptBatch(items)),
      ...values(await signed.encryptBatch(items)),
      ...(await Promise.all(items.map((item) => envelope.encrypt(item)))),
    ];
    const opened = values(await envelope.decryptBatch(messages)).map(String);
    assert.deepEqual(opened, [...items, ...items, ...items]);
  });

  it('takes long items among short ones', async () => {
    const lengths = [0, 1, MIB - 1, MIB, MIB + 1, 5 * MIB, 3, 70_000];
    const items = lengths.map((length) => crypto.randomBytes(length));
    for (const algorithmSuite of [0x0478, 0x0578]) {
      const suited = new Envelope({ keyring, algorithmSuite });
      const messages = values(await suited.encryptBatch(items));
      const opened = values(await suited.decryptBatch(messages));
      opened.forEach((plaintext, i) => assert.ok(plaintext.equals(items[i]), `item ${i}`));
    }
  });

  it('takes text and bytes of every kind, as encrypt does, and also no items', async () => {
    const items = ['text', Buffer.from('text'), new TextEncoder().encode('text').buffer];
    const messages = values(await envelope.encryptBatch(items));
    for (const message of messages) assert.equal(String(await envelope.decrypt(message)), 'text');
    assert.deepEqual(await envelope.encryptBatch([]), []);
    assert.deepEqual(await envelope.decryptBatch([]), []);
  });

  it('gives an error for each message that cannot be decrypted, and decrypts all others', async () => {
    const items = strings(200);
    const messages = values(await envelope.encryptBatch(items, { encryptionContext }));
    const stranger = new Envelope({ keyring: rawAes('other') });
    messages[5] = flip(messages[5], 'final tag');
    messages[17] = truncate(messages[17], { before: 'final tag' });
    messages[50] = Buffer.from('nothing like it');
    messages[99] = await stranger.encrypt('x', { encryptionContext });
    messages[120] = null;
    messages[150] = await envelope.encrypt('x');
    const results = await envelope.decryptBatch(messages, { encryptionContext });
    const failed = results.flatMap(({ reason }, i) => (reason ? [[i, reason.code]] : []));
    assert.deepEqual(failed, [
      [5, 'ERR_ENVELOPE_AUTHENTICATION_FAILED'],
      [17, 'ERR_ENVELOPE_TRUNCATED_MESSAGE'],
      [50, 'ERR_ENVELOPE_MALFORMED_MESSAGE'],
      [99, 'ERR_ENVELOPE_NO_USABLE_KEY'],
      [120, 'ERR_ENVELOPE_INVALID_ARGUMENT'],
      [150, 'ERR_ENVELOPE_CONTEXT_MISMATCH'],
    ]);
    for (const [i, { status, value }] of results.entries()) {
      if (status === 'fulfilled') assert.equal(String(value), items[i]);
    }
  });

  it('is refused if it has more messages or bytes than one data key may encrypt', async () => {
    const items = ['a', 'b', 'c'];
    const few = new Envelope({ keyring, cache: { maxMessages: 2 } });
    assert.match((await rejection(few.encryptBatch(items), 'LIMIT_EXCEEDED')).message, /batches/);
    const short = new Envelope({ keyring, cache: { maxBytes: 2 } });
    await rejection(short.encryptBatch(items), 'LIMIT_EXCEEDED');
    assert.equal((await few.encryptBatch(items.slice(1))).length, 2);
  });

  it('gives an error for each item that cannot be encrypted, and encrypts all others', async () => {
    const limited = new Envelope({ keyring, maxPlaintextLength: 10 });
    const results = await limited.encryptBatch(['short', 'much too long', 5, 'fits']);
    assert.deepEqual(
      results.map(({ reason }) => reason?.code),
      [undefined, 'ERR_ENVELOPE_LIMIT_EXCEEDED', 'ERR_ENVELOPE_INVALID_ARGUMENT', undefined],
    );
    assert.equal(String(await limited.decrypt(results[3].value)), 'fits');
  });

  it('refuses a message that is longer than the maxPlaintextLength of the reader', async () => {
    const limited = new Envelope({ keyring, maxPlaintextLength: 10 });
    const messages = values(await envelope.encryptBatch(['short', 'much too long']));
    const [first, second] = await limited.decryptBatch(messages);
    assert.equal(String(first.value), 'short');
    assert.equal(second.reason.code, 'ERR_ENVELOPE_LIMIT_EXCEEDED');
  });

  it('is refused as a whole for wrong arguments, for a suite without key derivation and when aborted', async () => {
    await rejection(envelope.encryptBatch('text'), 'INVALID_ARGUMENT');
    await rejection(envelope.decryptBatch(undefined), 'INVALID_ARGUMENT');
    await rejection(envelope.encryptBatch(['x'], { into: Buffer.alloc(9) }), 'INVALID_ARGUMENT');
    const old = { algorithmSuite: 0x0078, commitmentPolicy: 'forbidEncryptAllowDecrypt' };
    await rejection(new Envelope({ keyring, ...old }).encryptBatch(['x']), 'INVALID_ARGUMENT');
    const gone = AbortSignal.abort();
    await rejection(envelope.encryptBatch(['x'], { signal: gone }), 'ABORTED');
    await rejection(envelope.decryptBatch(['x'], { signal: gone }), 'ABORTED');
  });

  it('ends midway when its signal fires', async () => {
    const items = Array.from({ length: 20 }, () => Buffer.alloc(MIB));
    for (const [call, input] of [
      ['encryptBatch', items],
      ['decryptBatch', values(await envelope.encryptBatch(items))],
    ]) {
      const controller = new AbortController();
      const running = envelope[call](input, { signal: controller.signal });
      await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      await rejection(running, 'ABORTED');
    }
  });

  it('adds its messages to the statistics of the envelope', async () => {
    const counted = new Envelope({ keyring });
    const messages = values(await counted.encryptBatch(['a', 'bc']));
    await counted.decryptBatch([...messages, 'no message']);
    const { encrypted, decrypted } = counted.stats();
    assert.deepEqual(
      [encrypted, decrypted],
      [
        { messages: 2, bytes: 3 },
        { messages: 2, bytes: 3 },
      ],
    );
  });
});

describe('a batch under KMS (moto)', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let kms;

  before(async () => {
    kms = await newKeyring(moto);
  });
  beforeEach(() => moto.clearRequests());

  it('calls KMS once to encrypt 10,000 records, and once to decrypt them', async () => {
    const records = Array.from({ length: 10_000 }, (_, i) => `record ${i}`);
    const backend = new Envelope({ keyring: kms });
    const messages = values(await backend.encryptBatch(records));
    assert.deepEqual(await calls(), ['GenerateDataKey']);
    const opened = values(await backend.decryptBatch(messages));
    assert.deepEqual(await calls(), ['GenerateDataKey', 'Decrypt']);
    assert.deepEqual(opened.map(String), records);
  });

  it('calls KMS once for each different data key', async () => {
    const backend = new Envelope({ keyring: kms });
    const apart = await Promise.all(strings(40).map((item) => backend.encrypt(item)));
    const together = values(await backend.encryptBatch(strings(40)));
    await moto.clearRequests();
    const opened = values(await backend.decryptBatch([...apart, ...together]));
    assert.deepEqual(opened.map(String), [...strings(40), ...strings(40)]);
    assert.equal((await calls()).length, 41);
  });

  it('takes its data key from the cache, for no more than maxMessages', async () => {
    const backend = new Envelope({ keyring: kms, cache: { maxMessages: 100 } });
    await backend.encryptBatch(strings(60));
    await backend.encryptBatch(strings(40));
    assert.equal((await calls()).length, 1);
    await backend.encryptBatch(strings(60));
    assert.equal((await calls()).length, 2);
    await rejection(backend.encryptBatch(strings(101)), 'LIMIT_EXCEEDED');
    assert.equal((await calls()).length, 2, 'no call for what no data key may encrypt');
  });

  it('is refused as a whole if KMS gives no data key', async () => {
    const gone = new AwsKmsKeyring({
      keyId: 'arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000',
      endpoint: moto.endpoint,
    });
    await rejection(new Envelope({ keyring: gone }).encryptBatch(['x']), 'KMS_KEY_NOT_FOUND');
    const both = new Envelope({
      keyring: new MultiKeyring({ generator: keyring, children: [kms] }),
    });
    const messages = values(await both.encryptBatch(['x']));
    assert.deepEqual(values(await envelope.decryptBatch(messages)).map(String), ['x']);
  });

  async function calls() {
    return moto.operations();
  }
});

function strings(count) {
  return Array.from({ length: count }, (_, i) => `item ${i}`);
}

function values(results) {
  return results.map(({ value, reason }) => {
    if (reason) throw reason;
    return value;
  });
}
