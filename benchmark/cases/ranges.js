'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { pipeline } = require('node:stream/promises');
const { setTimeout: pause } = require('node:timers/promises');

const { runJob } = require('../lib/child');
const { CONTEXT, FRAME_LENGTH, GIB, KIB, MIB } = require('../lib/keys');
const { inNewFolder, writeRandomFile } = require('../lib/places');
const { inRounds, sequential } = require('../lib/rounds');
const { clientNode } = require('../peers/client-node');
const { warmEnvelope } = require('../peers/kms-envelope');

const LENGTH = 64 * KIB;
/** How much longer a frame is than its plaintext; the final one, here without any, has its length, too. */
const OVERHEAD = 32;
const FINAL_OVERHEAD = 40;
/** How long a header is, one must read to know. */
const HEADER = 4 * KIB;
const CLIENT = 'our suite, 64 KiB frames';

/** 64 KiB out of 1 GiB, from a place that is not the start of a frame, with a warm key. */
async function ranges({ quick }) {
  const total = quick ? 128 * MIB : GIB;
  return inNewFolder(async (place) => {
    const [plain, message] = [place('plain'), place('message')];
    writeRandomFile(plain, total);
    await runJob('transfer.js', ['kms-envelope, file', 'encrypt', plain, message]);
    const envelope = await warmEnvelope(CONTEXT);
    const opened = await envelope.openMessage(message);
    const range = { start: total / 2 + 1000, end: total / 2 + 1000 + LENGTH };
    const reads = {
      'kms-envelope, decryptRange': () => envelope.decryptRange(message, range),
      'kms-envelope, openMessage': () => opened.read(range),
      'client-node, stream up to the range': () => throughClient(message, range),
      'a bare read of the plaintext': () => bareRead(plain, range),
    };
    const expected = await bareRead(plain, range);
    for (const [name, read] of Object.entries(reads)) {
      assert.ok(expected.equals(await read()), `${name} gives other bytes`);
    }
    const sides = Object.fromEntries(
      Object.entries(reads).map(([name, read]) => [
        name,
        { ...sequential(read), single: name.startsWith('client-node') },
      ]),
    );
    const measured = await inRounds(sides, {
      quick,
      ...(quick ? {} : { rounds: 5, mostRounds: 15 }),
    });
    await opened.close();
    const figures = await countReads(envelope, message, range);
    return [{ name: 'range', bytes: LENGTH, total, sides: measured, figures }];
  });
}

/** What the Encryption SDK must do: decrypt from the start, until it has what is asked for. */
async function throughClient(message, { start, end }) {
  const pieces = [];
  let at = 0;
  const source = fs.createReadStream(message);
  const collect = async (stream) => {
    for await (const piece of stream) {
      const [from, to] = [Math.max(start - at, 0), Math.min(end - at, piece.length)];
      if (from < to) pieces.push(piece.subarray(from, to));
      at += piece.length;
      if (at >= end) return;
    }
  };
  await pipeline(source, clientNode(CLIENT).decryptStream(), collect).catch((error) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
  return Buffer.concat(pieces);
}

async function bareRead(file, { start, end }) {
  const handle = await fs.promises.open(file);
  try {
    const { buffer } = await handle.read(Buffer.allocUnsafe(end - start), 0, end - start, start);
    return buffer;
  } finally {
    await handle.close();
  }
}

/**
 * Returns how many bytes of the message are asked for, in all and of the file itself, as the system counts.
 */
async function countReads(envelope, message, range) {
  const handle = await fs.promises.open(message);
  const { size } = await handle.stat();
  let asked = 0;
  const source = {
    size,
    async read(start, end) {
      asked += end - start;
      const { buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
      return buffer;
    },
  };
  await envelope.decryptRange(source, range);
  await handle.close();
  const allowed = HEADER + FINAL_OVERHEAD + 2 * (FRAME_LENGTH + OVERHEAD);
  const ofTheFile = await readByThisProcess(() => envelope.decryptRange(message, range));
  return { allowed, 'asked of a source': asked, 'read of the file': ofTheFile };
}

/** As the system counts, in which each wake-up of another thread is 8 bytes. */
async function readByThisProcess(work) {
  // What was begun before must not be counted.
  await pause(20);
  const counted = () => Number(/^rchar: (\d+)$/m.exec(fs.readFileSync('/proc/self/io', 'utf8'))[1]);
  const [first, second] = [counted(), counted()];
  const cost = second - first;
  const before = counted();
  await work();
  return counted() - before - cost;
}

module.exports = { ranges };
