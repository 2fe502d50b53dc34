'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { before, beforeEach, describe, it } = require('node:test');

const { skipWithout } = require('../support/requirements');
const { silentKms } = require('../support/silent-kms');
const { FRAME } = require('../support/stream-envelopes');
const { cut, ended, through, turns } = require('../support/streams');
const { newKeyring, temporaryMoto } = require('../support/temporary-moto');

const { Envelope } = require('../..');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const KIB = 1024;
const MIB = 1024 * KIB;
const DIRECTIONS = ['encryptStream', 'decryptStream'];

describe('streams while KMS is asked', () => {
  const kms = silentKms();

  for (const direction of DIRECTIONS) {
    const input = () => (direction === 'encryptStream' ? 'x' : kms.message);

    it(`${direction}: destroying the stream ends the call`, async () => {
      const { closed } = kms.state;
      const stream = kms.envelope()[direction]();
      stream.write(input());
      await once(kms.asked, 'call');
      stream.destroy();
      await once(stream, 'close');
      while (kms.state.closed === closed) await new Promise(setImmediate);
      assert.equal(stream.errored, null);
    });

    it(`${direction}: an AbortSignal ends the call`, async () => {
      const { closed } = kms.state;
      const controller = new AbortController();
      const stream = kms.envelope()[direction]({ signal: controller.signal });
      const running = through(stream, [input()]);
      await once(kms.asked, 'call');
      controller.abort();
      const { error } = await ended(running, 'ABORTED');
      assert.equal(error.name, 'AbortError');
      while (kms.state.closed === closed) await new Promise(setImmediate);
    });

    it(`${direction}: a refusal by KMS ends the stream`, async () => {
      const usual = kms.answer;
      kms.answer = {
        status: 400,
        body: { __type: 'AccessDeniedException', message: 'by the test' },
      };
      await ended(through(kms.envelope()[direction](), [input()]), 'KMS_ACCESS_DENIED');
      kms.answer = usual;
    });
  }

  it('a chunk whose buffer is detached meanwhile ends the stream with an error', async () => {
    const usual = kms.answer;
    kms.answer = kms.GOOD;
    const chunk = new Uint8Array(1000);
    const stream = kms.envelope().encryptStream();
    const running = through(stream, [chunk]);
    await once(kms.asked, 'call');
    structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
    await ended(running, 'INVALID_ARGUMENT');
    kms.answer = usual;
  });
});

describe('streams and AWS KMS (moto)', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let kms;
  const calls = () => moto.operations();

  before(async () => {
    kms = new Envelope({ keyring: await newKeyring(moto) });
  });
  beforeEach(() => moto.clearRequests());

  it('each stream makes one KMS call', async () => {
    for (const size of [0, 1, MIB]) {
      await moto.clearRequests();
      const { output } = await through(kms.encryptStream(), cut(Buffer.alloc(size), FRAME));
      assert.deepEqual(await calls(), ['GenerateDataKey']);
      const opened = await through(kms.decryptStream(), cut(output, 1000));
      assert.equal(opened.output.length, size);
      assert.deepEqual(await calls(), ['GenerateDataKey', 'Decrypt']);
    }
  });

  it('a stream without data, without a whole header or with a wrong context or length makes no KMS call', async () => {
    const message = await kms.encrypt('x');
    await moto.clearRequests();
    kms.encryptStream().destroy();
    kms.decryptStream().destroy();
    await through(kms.decryptStream(), []);
    await through(kms.decryptStream(), [message.subarray(0, 50)]);
    await through(kms.decryptStream({ encryptionContext: { a: 'b' } }), [message]);
    await through(kms.encryptStream({ signal: AbortSignal.abort() }), ['x']);
    await through(kms.encryptStream({ plaintextLength: 1 }), ['xy']);
    await turns();
    assert.deepEqual(await calls(), []);
  });
});
