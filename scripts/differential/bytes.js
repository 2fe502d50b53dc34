'use strict';

const assert = require('node:assert/strict');

const { cut } = require('../../__test__/support/streams');

/** What is around and in a buffer before a call writes into it. */
const FILLER = 0xaa;

/** Returns the same bytes as one of the kinds that may go in, with others before and after them. */
function randomView(random, data) {
  const kind = random.pick(['Buffer', 'Uint8Array', 'DataView', 'ArrayBuffer']);
  if (kind === 'ArrayBuffer') return Uint8Array.from(data).buffer;
  const room = new Uint8Array(data.length + 20);
  room.set(data, 7);
  if (kind === 'Buffer') return Buffer.from(room.buffer, 7, data.length);
  return new globalThis[kind](room.buffer, 7, data.length);
}

/** Bytes in random pieces: all at once, even ones, or uneven ones; now and then an empty one. */
function* randomPieces(random, data) {
  const least = Math.max(1, Math.ceil(data.length / 300));
  const most = random.pick([least, least + 10, 1000 + least, 100_000, 2 * 1024 * 1024]);
  const length = random.pick([
    () => Math.max(1, data.length),
    () => most,
    () => random.between(least, Math.max(least, most)),
  ]);
  for (const piece of cut(data, length)) {
    if (random.onceIn(20)) yield Buffer.alloc(0);
    yield piece;
  }
}

/**
 * Returns a caller's own buffer for an output of at most so many bytes, in the midst of a larger one.
 */
function outputRoom(random, length) {
  const before = random.below(50);
  const all = Buffer.alloc(before + length + random.below(50), FILLER);
  const into = all.subarray(before, before + length);
  return {
    into,
    /** Checks that an output lies at its start, and that nothing else was written. */
    checkOutput(output) {
      assert.equal(output.buffer, into.buffer, 'the output is not in `into`');
      assert.equal(output.byteOffset, into.byteOffset, 'the output is not at the start of `into`');
      assert.ok(isFilled(all.subarray(0, before)), 'bytes before `into` were written');
      assert.ok(isFilled(all.subarray(before + length)), 'bytes after `into` were written');
    },
    /** What a call that failed left there: not what was there before, and not zeros. */
    remains() {
      const found = [];
      for (const byte of into) if (byte !== FILLER && byte !== 0) found.push(byte);
      return Buffer.from(found);
    },
  };
}

function isFilled(bytes) {
  return bytes.equals(Buffer.alloc(bytes.length, FILLER));
}

module.exports = { outputRoom, randomPieces, randomView };
