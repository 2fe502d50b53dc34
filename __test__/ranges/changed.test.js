'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const { describe, it } = require('node:test');

const { inspect } = require('../..');
const { same } = require('../support/files');
const {
  FINAL_OVERHEAD,
  FRAME,
  OVERHEAD,
  envelope,
  long,
  longMessage,
  message,
  newFile,
  refused,
  short,
  text,
} = require('../support/ranges');
const { rejection } = require('../support/rejects');

const MIB = 1024 * 1024;

describe('a message that was changed', () => {
  const { headerLength } = inspect(message);
  const frames = [
    [headerLength, headerLength + 10 + OVERHEAD],
    [headerLength + 10 + OVERHEAD, headerLength + 2 * (10 + OVERHEAD)],
    [headerLength + 2 * (10 + OVERHEAD), message.length],
  ];
  const [header, ...bodies] = [[0, headerLength], ...frames].map(([start, end]) =>
    message.subarray(start, end),
  );

  const parts = [
    [0, 1],
    [0, 10],
    [9, 11],
    [10, 20],
    [19, 25],
    [20, 25],
  ];

  it('has the layout that the other tests assume', () => {
    assert.equal(frames[2][1] - frames[2][0], 5 + FINAL_OVERHEAD);
  });

  it('by a cut is refused', async () => {
    for (const bytes of [message, short.encryptSync(Buffer.alloc(30))]) {
      for (let length = 0; length < bytes.length; length++) {
        await refused(short.decryptRange(bytes.subarray(0, length)));
        await refused(short.decryptRange(bytes.subarray(0, length), { end: 0 }));
      }
    }
    const file = newFile(longMessage);
    for (const frame of [0, 1, 40, 79, 80]) {
      for (const more of [0, 1, 100]) {
        const { headerLength: start } = inspect(longMessage);
        fs.writeFileSync(file, longMessage.subarray(0, start + frame * (FRAME + OVERHEAD) + more));
        await refused(envelope.decryptRange(file, { end: 10 }));
      }
    }
  });

  it('by bytes after its end is refused', async () => {
    for (let length = 1; length <= 3 * (10 + OVERHEAD); length++) {
      for (const more of [Buffer.alloc(length), crypto.randomBytes(length)]) {
        await refused(short.decryptRange(Buffer.concat([message, more]), { end: 1 }));
      }
    }
    for (const more of [message, ...bodies]) {
      await refused(short.decryptRange(Buffer.concat([message, more]), { end: 1 }));
    }
  });

  it('by one bit is refused, or gives the bytes of frames that were not changed', async () => {
    for (let bit = 0; bit < 8 * message.length; bit++) {
      const changed = Buffer.from(message);
      const at = bit >> 3;
      changed[at] ^= 1 << (bit & 7);
      const hit = frames.findIndex(([start, end]) => start <= at && at < end);
      await refused(short.decryptRange(changed));
      if (hit !== 0 && hit !== 1) {
        await refused(short.openMessage(changed));
        continue;
      }
      const opened = await short.openMessage(changed);
      for (const [start, end] of parts) {
        const read = opened.read({ start, end });
        if (start < 10 * hit + 10 && end > 10 * hit) await refused(read);
        else assert.deepEqual(await read, text.subarray(start, end));
      }
    }
  });

  it('by frames in another order or number is refused', async () => {
    const [first, second, last] = bodies;
    const orders = [
      [second, first, last],
      [first, first, last],
      [second, second, last],
      [last, second, first],
      [renumbered(second, 1), renumbered(first, 2), last],
    ];
    for (const order of orders) {
      const mixed = Buffer.concat([header, ...order]);
      await refused(short.decryptRange(mixed));
      for (const [i, frame] of order.entries()) {
        const read = short.decryptRange(mixed, { start: 10 * i, end: 10 * i + 5 });
        if (frame !== bodies[i] || order[2] !== last) await refused(read);
        else assert.deepEqual(await read, text.subarray(10 * i, 10 * i + 5));
      }
    }
    const counts = [[first, last], [second, last], [last], [first, second]];
    for (const order of [...counts, [first, second, second, last]]) {
      await refused(short.openMessage(Buffer.concat([header, ...order])));
    }
  });

  it('by a frame of another message is refused, or gives the bytes of its own frames', async () => {
    const theirs = short.encryptSync(Buffer.from('Another text of the sizes'));
    for (const [i, [start, end]] of [[0, headerLength], ...frames].entries()) {
      const mixed = Buffer.from(message);
      theirs.copy(mixed, start, start, end);
      await refused(short.decryptRange(mixed));
      for (const frame of [0, 1, 2]) {
        const range = { start: 10 * frame, end: 10 * frame + 5 };
        const read = short.decryptRange(mixed, range);
        if (i === 0 || i === 3 || i === frame + 1) await refused(read);
        else assert.deepEqual(await read, text.subarray(range.start, range.end));
      }
    }
  });

  it('while it is open is refused', async () => {
    const bytes = Buffer.from(longMessage);
    const file = newFile(bytes);
    const inMemory = await envelope.openMessage(bytes);
    const inFile = await envelope.openMessage(file);
    bytes[2 * MIB] ^= 1;
    await rejection(inMemory.read(), 'AUTHENTICATION_FAILED');
    same(await inMemory.read({ end: MIB }), long.subarray(0, MIB));
    fs.truncateSync(file, 2 * MIB);
    await rejection(inFile.read(), 'TRUNCATED_MESSAGE');
    same(await inFile.read({ end: MIB }), long.subarray(0, MIB));
    await inFile.close();
  });

  function renumbered(frame, number) {
    const copy = Buffer.from(frame);
    copy.writeUInt32BE(number);
    return copy;
  }
});
