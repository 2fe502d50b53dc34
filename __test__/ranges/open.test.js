'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { before, beforeEach, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { AwsKmsKeyring, Envelope, inspect } = require('../..');
const { startFakeKms } = require('../support/fake-kms');
const { same } = require('../support/files');
const { nodeBinary } = require('../support/nodes');
const {
  envelope,
  everyRange,
  long,
  longMessage,
  message,
  newFile,
  randomRanges,
  short,
  text,
  watched,
} = require('../support/ranges');
const { rejection } = require('../support/rejects');
const { requireOrSkip, skipWithout } = require('../support/requirements');
const { failure } = require('../support/streams');
const { newKeyring, temporaryMoto } = require('../support/temporary-moto');
const vectors = require('../support/vectors');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const ARN = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const MIB = 1024 * 1024;

describe('openMessage', () => {
  it('gives the header and the size', async () => {
    const encryptionContext = { tenant: 'acme' };
    const bytes = short.encryptSync(text, { encryptionContext });
    const opened = await short.openMessage(bytes, { encryptionContext });
    assert.deepEqual(opened.header, inspect(bytes));
    assert.equal(opened.size, 25);
    assert.equal(await short.plaintextSize(bytes, { encryptionContext }), 25);
    const options = { start: 1, end: 4, encryptionContext };
    assert.equal(String(await short.decryptRange(bytes, options)), 'wen');
    for (const wrong of [{ tenant: 'other' }, { user: '1' }]) {
      for (const call of ['openMessage', 'decryptRange', 'plaintextSize']) {
        const mismatch = short[call](bytes, { encryptionContext: wrong });
        await rejection(mismatch, 'CONTEXT_MISMATCH');
      }
    }
    await rejection(short.openMessage(bytes, { unknown: 1 }), 'INVALID_ARGUMENT');
  });

  it('reads many ranges at once', async () => {
    const opened = await envelope.openMessage(newFile(longMessage));
    const ranges = randomRanges(long.length, 50);
    const found = await Promise.all(ranges.map((range) => opened.read(range)));
    for (const [i, { start, end }] of ranges.entries()) same(found[i], long.subarray(start, end));
    await opened.close();
  });

  it('reads nothing after close, which may come twice and at any time', async () => {
    const opened = await envelope.openMessage(newFile(longMessage));
    const reading = rejection(opened.read(), 'INVALID_ARGUMENT');
    await opened.close();
    await reading;
    for (const range of [undefined, { end: 1 }, { start: 5 * MIB }]) {
      const error = await rejection(opened.read(range), 'INVALID_ARGUMENT');
      assert.match(error.message, /closed/);
    }
    await opened.close();
    assert.equal(opened.size, long.length);
  });

  it('refuses an empty range, too, after close', async () => {
    const opened = await short.openMessage(message);
    await opened.close();
    await rejection(opened.read({ end: 0 }), 'INVALID_ARGUMENT');
  });

  it('is closed by `await using`', async (t) => {
    const disposed = await short.openMessage(message);
    await disposed[Symbol.asyncDispose]();
    await rejection(disposed.read(), 'INVALID_ARGUMENT');
    const node = nodeBinary(24);
    if (!requireOrSkip(t, node, 'run `node scripts/prepare.js peers`')) return;
    const script = `
      const { Envelope, RawAesKeyring } = require(process.argv[1]);
      const wrappingKey = Buffer.alloc(32, 1);
      const keyring = new RawAesKeyring({ keyNamespace: 'a', keyName: 'b', wrappingKey });
      const envelope = new Envelope({ keyring });
      (async () => {
        let message;
        {
          await using opened = await envelope.openMessage(envelope.encryptSync('text'));
          message = opened;
          console.log(String(await opened.read()));
        }
        await message.read().catch(({ code }) => console.log(code));
      })();`;
    const run = promisify(execFile)(node, ['-e', script, path.join(__dirname, '..', '..')]);
    assert.equal((await run).stdout, 'text\nERR_ENVELOPE_INVALID_ARGUMENT\n');
  });

  it('refuses a message without frames', async () => {
    const cases = vectors.casesOf(vectors.OURS);
    const { item, envelope: reader } = cases.find(
      ({ item: { id } }) => id === 'crafted-control-unframed-0478',
    );
    const bytes = vectors.bytes(vectors.OURS, item, 'ciphertext');
    assert.equal(inspect(bytes).contentType, 'non-framed');
    for (const call of ['openMessage', 'decryptRange', 'plaintextSize']) {
      await rejection(reader[call](bytes), 'UNSUPPORTED_MESSAGE');
    }
  });
});

describe('an AbortSignal', () => {
  it('that has fired stops a call before it reads', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    for (const call of ['openMessage', 'decryptRange', 'plaintextSize']) {
      const source = watched(message);
      const error = await rejection(short[call](source, { signal }), 'ABORTED');
      assert.equal(error.cause, signal.reason);
      assert.deepEqual(source.reads(), []);
    }
  });

  const reads = ['the header', 'the final frame', 'the first frames', 'more frames'];
  for (const [i, what] of reads.entries()) {
    it(`ends a call in the read of ${what}`, async () => {
      const controller = new AbortController();
      let count = 0;
      const source = {
        size: longMessage.length,
        async read(start, end) {
          if (count++ === i) controller.abort();
          return longMessage.subarray(start, end);
        },
      };
      const { signal } = controller;
      await rejection(envelope.decryptRange(source, { signal }), 'ABORTED');
    });
  }

  it('ends a call whose source never answers', async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    const source = { size: 1000, read: () => new Promise(() => {}) };
    const { signal } = controller;
    const late = new Promise((resolve) => setTimeout(resolve, 500, 'it waits'));
    const opening = failure(envelope.openMessage(source, { signal }));
    assert.equal((await Promise.race([opening, late])).code, 'ERR_ENVELOPE_ABORTED');
  });

  it('ends the request to KMS', async () => {
    const controller = new AbortController();
    const Plaintext = Buffer.alloc(32, 1).toString('base64');
    const CiphertextBlob = Buffer.alloc(100, 2).toString('base64');
    const fake = await startFakeKms((operation) => {
      if (operation !== 'Decrypt') return { body: { KeyId: ARN, Plaintext, CiphertextBlob } };
      controller.abort();
      return { never: true };
    });
    try {
      const { endpoint } = fake;
      const kms = new Envelope({ keyring: new AwsKmsKeyring({ keyId: ARN, endpoint }) });
      const file = newFile(await kms.encrypt(text));
      const { closed } = fake.state;
      await rejection(kms.openMessage(file, { signal: controller.signal }), 'ABORTED');
      while (fake.state.closed === closed) await new Promise(setImmediate);
    } finally {
      await fake.stop();
    }
  });
});

describe('AWS KMS (moto)', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let kms;
  const calls = () => moto.operations();

  before(async () => {
    kms = new Envelope({ keyring: await newKeyring(moto), frameLength: 10 });
  });
  beforeEach(() => moto.clearRequests());

  it('is asked once for each open message', async () => {
    const file = newFile(await kms.encrypt(text));
    await moto.clearRequests();
    const opened = await kms.openMessage(file);
    await everyRange(text, (range) => opened.read(range));
    await opened.close();
    assert.deepEqual(await calls(), ['Decrypt']);
    assert.equal(String(await kms.decryptRange(file, { start: 7, end: 11 })), 'five');
    assert.equal(await kms.plaintextSize(file), 25);
    assert.deepEqual(await calls(), ['Decrypt', 'Decrypt', 'Decrypt']);
  });

  it('is not asked about what can be refused without it', async () => {
    const bytes = await kms.encrypt(text, { encryptionContext: { tenant: 'acme' } });
    await moto.clearRequests();
    const wrong = { encryptionContext: { tenant: 'other' } };
    await rejection(kms.openMessage(bytes, wrong), 'CONTEXT_MISMATCH');
    await rejection(kms.openMessage(bytes.subarray(0, 50)), 'TRUNCATED_MESSAGE');
    await rejection(kms.openMessage(text), 'MALFORMED_MESSAGE');
    await rejection(kms.openMessage(bytes, { unknown: 1 }), 'INVALID_ARGUMENT');
    assert.deepEqual(await calls(), []);
  });
});
