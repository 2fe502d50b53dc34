'use strict';

const assert = require('node:assert/strict');

const { cut } = require('../../__test__/support/streams');

/** Fills a buffer, and the memory around it, before a call writes into it. */
const FILLER = 0xaa;

/** Returns the same bytes as one of the types that calls accept, in most with other bytes around them. */
function randomView(random, data) {
  const kind = random.pick(['Buffer', 'Uint8Array', 'DataView', 'ArrayBuffer']);
  if (kind === 'ArrayBuffer') return Uint8Array.from(data).buffer;
  const room = new Uint8Array(data.length + 20);
  room.set(data, 7);
  if (kind === 'Buffer') return Buffer.from(room.buffer, 7, data.length);
  return new globalThis[kind](room.buffer, 7, data.length);
}

/** Yields bytes in one piece, in equal or in random ones; now and then an empty one between them. */
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
 * Returns a buffer for the option `into`, of so many bytes, which lies within a larger one.
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
    /** Returns what a failed call left in the buffer, other than the filler and zeros. */
    leftovers() {
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
