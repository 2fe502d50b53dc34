'use strict';

const assert = require('node:assert/strict');
const { getEventListeners, once } = require('node:events');
const { Readable, Writable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { describe, it } = require('node:test');

const { FRAME, envelope, inputOf } = require('../support/stream-envelopes');
const { cut, ended, failure, through, turns } = require('../support/streams');

const KIB = 1024;
const MIB = 1024 * KIB;
const DIRECTIONS = ['encryptStream', 'decryptStream'];

describe('streams that are destroyed', () => {
  for (const direction of DIRECTIONS) {
    it(`${direction}: destroying it before, during or after its work closes it`, async () => {
      const input = inputOf(direction, Buffer.alloc(8 * MIB));
      for (const pushes of [0, 1, 3]) {
        const stream = envelope[direction]();
        const running = through(stream, cut(input, MIB));
        let left = pushes;
        stream.on('data', () => --left === 0 && stream.destroy());
        if (pushes === 0) stream.destroy();
        assert.equal((await running).error.code, 'ERR_STREAM_PREMATURE_CLOSE');
      }
      const stream = envelope[direction]();
      assert.ifError((await through(stream, [input])).error);
      stream.destroy();
      await turns();
    });

    it(`${direction}: after destroying it right after a write, nothing more comes out`, async () => {
      const input = inputOf(direction, Buffer.alloc(MIB));
      const stream = envelope[direction]();
      const closed = once(stream, 'close');
      stream.write(input);
      stream.destroy();
      const events = [];
      for (const event of ['header', 'data', 'end']) stream.on(event, () => events.push(event));
      await closed;
      await turns();
      assert.deepEqual(events, []);
    });

    it(`${direction}: destroying it with an error emits that error`, async () => {
      const stream = envelope[direction]();
      const mine = new Error('mine');
      stream.write(inputOf(direction, Buffer.alloc(MIB)));
      stream.destroy(mine);
      const [error] = await once(stream, 'error');
      assert.equal(error, mine);
    });
  }

  it('a stream ends when another stream of its pipeline fails', async () => {
    const mine = new Error('mine');
    async function* failing() {
      yield Buffer.alloc(MIB);
      throw mine;
    }
    const stream = envelope.encryptStream();
    assert.equal(await failure(pipeline(Readable.from(failing()), stream, drop())), mine);
    assert.ok(stream.destroyed);
    const sink = new Writable({ write: (_piece, _encoding, done) => done(mine) });
    const other = envelope.encryptStream();
    assert.equal(await failure(pipeline(Readable.from(zeros(MIB)), other, sink)), mine);
    assert.ok(other.destroyed);
  });
});

describe('a signal of a stream', () => {
  for (const direction of DIRECTIONS) {
    it(`${direction}: a signal that has fired ends the stream before it begins`, async () => {
      const reason = new Error('enough');
      const stream = envelope[direction]({ signal: AbortSignal.abort(reason) });
      const { error, output } = await ended(through(stream, zeros(MIB)), 'ABORTED');
      assert.equal(error.name, 'AbortError');
      assert.equal(error.cause, reason);
      assert.equal(output.length, 0);
    });

    it(`${direction}: a signal that fires midway ends the stream`, async () => {
      const controller = new AbortController();
      const input = inputOf(direction, Buffer.alloc(8 * MIB));
      const stream = envelope[direction]({ signal: controller.signal });
      stream.once('data', () => controller.abort());
      const { error, output } = await ended(through(stream, cut(input, FRAME)), 'ABORTED');
      assert.equal(error.name, 'AbortError');
      assert.ok(output.length < 8 * MIB);
    });

    it(`${direction}: a signal that fires during one large chunk ends the stream`, async () => {
      const controller = new AbortController();
      const input = inputOf(direction, Buffer.alloc(64 * MIB));
      const stream = envelope[direction]({ signal: controller.signal });
      setImmediate(() => controller.abort());
      const { output } = await ended(through(stream, [input]), 'ABORTED');
      assert.ok(output.length < 32 * MIB, `${output.length} bytes`);
    });

    it(`${direction}: after the stream has ended, no listener is left on the signal`, async () => {
      const { signal } = new AbortController();
      const stream = envelope[direction]({ signal });
      assert.ifError((await through(stream, [inputOf(direction, Buffer.alloc(10))])).error);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    });
  }
});

function* zeros(length) {
  yield* cut(Buffer.alloc(length), FRAME);
}

/** Where output goes that nobody looks at. */
function drop() {
  return new Writable({ write: (_piece, _encoding, done) => done() });
}
