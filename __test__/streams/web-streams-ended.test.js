'use strict';

const assert = require('node:assert/strict');
const { getEventListeners, once } = require('node:events');
const { describe, it } = require('node:test');

const { silentKms } = require('../support/silent-kms');
const { envelope, inputOf } = require('../support/stream-envelopes');
const { cut, ended, failure, throughWeb, turns } = require('../support/streams');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const KIB = 1024;
const MIB = 1024 * KIB;
const DIRECTIONS = ['encryptWebStream', 'decryptWebStream'];
const cancels = Number(process.versions.node.split('.')[0]) > 20;
const skip = !cancels && 'Node.js 20 does not tell a TransformStream that it was cancelled';

describe('Web streams that are ended', () => {
  for (const direction of DIRECTIONS) {
    it(`${direction}: a signal ends the stream, before it begins and midway`, async () => {
      const reason = new Error('enough');
      const before = envelope[direction]({ signal: AbortSignal.abort(reason) });
      const { error } = await ended(throughWeb(before, ['x']), 'ABORTED');
      assert.equal(error.name, 'AbortError');
      assert.equal(error.cause, reason);

      const controller = new AbortController();
      const stream = envelope[direction]({ signal: controller.signal });
      const input = inputOf(direction, Buffer.alloc(64 * MIB));
      setImmediate(() => controller.abort());
      const { error: midway, output } = await ended(throughWeb(stream, [input]), 'ABORTED');
      assert.equal(midway.name, 'AbortError');
      assert.ok(output.length < 32 * MIB, `${output.length} bytes`);
    });

    it(`${direction}: no listener is left on the signal after the stream has ended or failed`, async () => {
      const { signal } = new AbortController();
      const good = envelope[direction]({ signal });
      assert.ifError((await throughWeb(good, [inputOf(direction, Buffer.alloc(9))])).error);
      await throughWeb(envelope[direction]({ signal, plaintextLength: 1 }), ['xyz']);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    });

    it(`${direction}: a reader that cancels ends the stream`, async () => {
      const { signal } = new AbortController();
      let cancelled = 0;
      const chunks = cut(inputOf(direction, Buffer.alloc(8 * MIB)), MIB);
      const source = new ReadableStream({
        pull: (controller) => controller.enqueue(chunks.next().value),
        cancel: () => cancelled++,
      });
      const reader = source.pipeThrough(envelope[direction]({ signal })).getReader();
      await reader.read();
      await reader.cancel(new Error('enough'));
      await turns();
      assert.equal(cancelled, 1);
      assert.equal((await reader.read()).done, true);
      if (cancels) assert.equal(getEventListeners(signal, 'abort').length, 0);
    });

    it(`${direction}: a writer that aborts ends the stream`, async () => {
      const mine = new Error('mine');
      const { readable, writable } = envelope[direction]();
      const writer = writable.getWriter();
      const written = failure(writer.write(inputOf(direction, Buffer.alloc(8 * MIB))));
      const reading = failure(new Response(readable).arrayBuffer());
      await writer.abort(mine);
      assert.equal(await reading, mine);
      await written;
      await turns();
    });

    it(`${direction}: a source that fails ends the stream`, async () => {
      const mine = new Error('mine');
      async function* failing() {
        yield inputOf(direction, Buffer.alloc(MIB)).subarray(0, 1000);
        throw mine;
      }
      assert.equal((await throughWeb(envelope[direction](), failing())).error, mine);
    });
  }
});

describe('Web streams while KMS is asked', () => {
  const kms = silentKms();

  for (const direction of DIRECTIONS) {
    it(`${direction}: a signal ends the call`, async () => {
      const { closed } = kms.state;
      const controller = new AbortController();
      const stream = kms.envelope()[direction]({ signal: controller.signal });
      const running = throughWeb(stream, [kms.message]);
      await once(kms.asked, 'call');
      controller.abort();
      assert.equal((await ended(running, 'ABORTED')).error.name, 'AbortError');
      while (kms.state.closed === closed) await new Promise(setImmediate);
    });

    it(`${direction}: cancelling the stream ends the call`, { skip }, async () => {
      const { closed } = kms.state;
      const { readable, writable } = kms.envelope()[direction]();
      const writer = writable.getWriter();
      const written = failure(writer.write(kms.message));
      await once(kms.asked, 'call');
      await readable.cancel();
      while (kms.state.closed === closed) await new Promise(setImmediate);
      await written;
    });

    it(`${direction}: a stream makes one KMS call, and none without data`, async () => {
      const usual = kms.answer;
      kms.answer = kms.GOOD;
      kms.state.calls = 0;
      await kms.envelope()[direction]().writable.abort();
      assert.equal(kms.state.calls, 0);
      const { error } = await throughWeb(kms.envelope()[direction](), cut(kms.message, 10));
      assert.ifError(error);
      assert.equal(kms.state.calls, 1);
      kms.answer = usual;
    });
  }
});
