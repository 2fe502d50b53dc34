'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');

const { envelope, inputOf } = require('../support/stream-envelopes');
const { cut } = require('../support/streams');

const plaintext = crypto.randomBytes(1_500_000);
const DIRECTIONS = ['encrypt', 'decrypt'];

describe('a reader of a stream that transfers each piece away', () => {
  for (const direction of DIRECTIONS) {
    for (const length of [500, 16_384, 40_000, 65_536, 300_000, 1_500_000]) {
      it(`gets all bytes of ${direction}Stream, in chunks of ${length} bytes`, async () => {
        const stream = envelope[`${direction}Stream`]();
        const kept = [];
        stream.on('data', (piece) => kept.push(copyAndTransfer(piece)));
        const ended = new Promise((resolve, reject) =>
          stream.on('end', resolve).on('error', reject),
        );
        for (const chunk of cut(inputOf(direction, plaintext), length)) {
          if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
        }
        stream.end();
        await ended;
        assert.ok(opened(direction, Buffer.concat(kept)).equals(plaintext));
      });

      it(`gets all bytes of ${direction}WebStream, in chunks of ${length} bytes`, async () => {
        const chunks = ReadableStream.from(cut(inputOf(direction, plaintext), length));
        const kept = [];
        for await (const piece of chunks.pipeThrough(envelope[`${direction}WebStream`]())) {
          kept.push(copyAndTransfer(piece));
        }
        assert.ok(opened(direction, Buffer.concat(kept)).equals(plaintext));
      });
    }
  }

  it('gets pieces that share no memory', async () => {
    const stream = envelope.encryptStream();
    const pieces = stream.toArray();
    for (const chunk of cut(plaintext, 10_000)) stream.write(chunk);
    stream.end();
    const buffers = (await pieces).map(({ buffer }) => buffer);
    assert.ok(buffers.length > 10);
    assert.equal(new Set(buffers).size, buffers.length);
  });
});

/** Returns a copy of a piece, and transfers the piece's memory away. */
function copyAndTransfer(piece) {
  const copy = Buffer.from(piece);
  structuredClone(piece.buffer, { transfer: [piece.buffer] });
  return copy;
}

function opened(direction, output) {
  return direction === 'encrypt' ? envelope.decryptSync(output) : output;
}
