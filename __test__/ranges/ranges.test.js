'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { pathToFileURL } = require('node:url');

const { Envelope, inspect } = require('../..');
const { truncate } = require('../support/edits');
const { same } = require('../support/files');
const {
  FRAME,
  envelope,
  everyRange,
  folder,
  keyring,
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
const vectors = require('../support/vectors');

const MIB = 1024 * 1024;

describe('every range of a short message', () => {
  const messages = {
    'three frames': { reader: short, message, plaintext: text },
    'an empty last frame': shortMessage(30),
    'one frame': shortMessage(7),
    'no plaintext': shortMessage(0),
    'frames of one byte': shortMessage(12, 1),
    'a frame far longer than the message': shortMessage(12, 2 ** 32 - 1),
    'a full last frame': vector('crafted-control-full-final-0478'),
  };
  const sources = {
    Buffer: (bytes) => bytes,
    'Uint8Array of a part': (bytes) => new Uint8Array([0, ...bytes, 0]).subarray(1, -1),
    DataView: (bytes) => new DataView(Uint8Array.from(bytes).buffer),
    ArrayBuffer: (bytes) => Uint8Array.from(bytes).buffer,
    path: newFile,
    'file URL': (bytes) => pathToFileURL(newFile(bytes)),
    'relative path': (bytes) => path.relative(process.cwd(), newFile(bytes)),
    RangedSource: (bytes) => watched(bytes),
    'RangedSource that answers at once': (bytes) => ({
      size: bytes.length,
      read: (start, end) => bytes.subarray(start, end),
    }),
  };
  for (const [what, { reader, message: bytes, plaintext }] of Object.entries(messages)) {
    it(`gives that part of the plaintext, with ${what}`, async () => {
      assert.equal(inspect(bytes).contentType, 'framed');
      for (const [kind, sourceOf] of Object.entries(sources)) {
        const source = sourceOf(bytes);
        assert.equal(await reader.plaintextSize(source), plaintext.length, kind);
        const opened = await reader.openMessage(source);
        await everyRange(plaintext, (range) => opened.read(range));
        await opened.close();
        if (reader !== short) continue;
        await everyRange(plaintext, (range) => reader.decryptRange(source, range));
      }
    });
  }

  it('can be read from an open file, which stays open', async () => {
    const handle = await fs.promises.open(newFile(message));
    try {
      await everyRange(text, (range) => short.decryptRange(handle, range));
      const opened = await short.openMessage(handle);
      await opened.close();
      assert.deepEqual(await handle.readFile(), message, 'nor was its position moved');
    } finally {
      await handle.close();
    }
  });

  it('is an error if the file was closed', async () => {
    const handle = await fs.promises.open(newFile(message));
    await handle.close();
    await rejection(short.decryptRange(handle), 'FILE');
  });

  it('leaves no file open behind', { skip: process.platform !== 'linux' && 'Linux' }, async () => {
    const [good, cut] = [newFile(message), newFile(truncate(message, { before: 'last byte' }))];
    const open = () => fs.readdirSync('/proc/self/fd').length;
    await short.decryptRange(good);
    const opened = open();
    for (let i = 0; i < 20; i++) {
      await short.decryptRange(good);
      await rejection(short.decryptRange(good, { start: 26 }), 'RANGE');
      await rejection(short.decryptRange(cut), 'TRUNCATED_MESSAGE');
      await rejection(envelope.openMessage(folder), 'FILE');
    }
    assert.equal(open(), opened);
  });

  function shortMessage(length, frameLength = 10) {
    const plaintext = crypto.randomBytes(length);
    const reader = new Envelope({ keyring, frameLength });
    return { reader, message: reader.encryptSync(plaintext), plaintext };
  }

  function vector(id) {
    const found = vectors.casesOf(vectors.OURS).find(({ item }) => item.id === id);
    const [bytes, plaintext] = ['ciphertext', 'plaintext'].map((name) =>
      vectors.bytes(vectors.OURS, found.item, name),
    );
    return { reader: found.envelope, message: bytes, plaintext };
  }
});

describe('the range', () => {
  it('is the whole plaintext without a start and an end', async () => {
    same(await envelope.decryptRange(longMessage), long);
    same(await envelope.decryptRange(longMessage, {}), long);
    const nothing = { start: undefined, end: undefined };
    same(await envelope.decryptRange(longMessage, nothing), long);
    same(await envelope.decryptRange(longMessage, { start: 5 * MIB }), long.subarray(5 * MIB));
    same(await envelope.decryptRange(longMessage, { end: 70_000 }), long.subarray(0, 70_000));
    const opened = await envelope.openMessage(longMessage);
    same(await opened.read(), long);
    same(await opened.read(nothing), long);
    assert.ok(Buffer.isBuffer(await opened.read({ end: 3 })));
  });

  it('may lie anywhere', async () => {
    const opened = await envelope.openMessage(newFile(longMessage));
    for (const { start, end } of randomRanges(long.length, 300)) {
      same(await opened.read({ start, end }), long.subarray(start, end));
    }
    await opened.close();
  });

  it('may start and end at the edge of a frame, or one byte beside it', async () => {
    const opened = await envelope.openMessage(longMessage);
    const last = Math.floor(long.length / FRAME) * FRAME;
    const ends = [FRAME, 16 * FRAME, 17 * FRAME, 32 * FRAME, last];
    const edges = ends.flatMap((end) => [end - 1, end, end + 1]);
    for (const start of edges) {
      for (const end of edges.filter((edge) => edge >= start)) {
        same(await opened.read({ start, end }), long.subarray(start, end));
      }
    }
  });

  it('ends with the plaintext, if its end lies behind that', async () => {
    for (const end of [25, 26, 1000, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      assert.deepEqual(await short.decryptRange(message, { start: 20, end }), text.subarray(20));
    }
  });

  it('must start within the plaintext', async () => {
    const opened = await short.openMessage(message);
    assert.equal((await opened.read({ start: 25 })).length, 0);
    for (const start of [26, 30, 1000, Number.MAX_SAFE_INTEGER]) {
      for (const range of [{ start }, { start, end: start }, { start, end: start - 1 }]) {
        const error = await rejection(opened.read(range), 'RANGE');
        assert.match(error.message, /25 bytes/);
        await rejection(short.decryptRange(message, range), 'RANGE');
      }
    }
  });

  it('is refused unless it has whole numbers, its start before its end', async () => {
    const opened = await short.openMessage(message);
    const numbers = [-1, -0.5, 1.5, NaN, Infinity, 2 ** 53, '1', 1n, null, {}];
    const wrong = numbers.flatMap((value) => [{ start: value }, { end: value }]);
    for (const range of [...wrong, { start: 5, end: 4 }, { start: 25, end: 24 }]) {
      await rejection(opened.read(range), 'INVALID_ARGUMENT');
      await rejection(short.decryptRange(message, range), 'INVALID_ARGUMENT');
    }
    for (const range of [null, 5, [], { begin: 1 }]) {
      await rejection(opened.read(range), 'INVALID_ARGUMENT');
      await rejection(short.decryptRange(message, range), 'INVALID_ARGUMENT');
    }
    await rejection(short.plaintextSize(message, { start: 1 }), 'INVALID_ARGUMENT');
  });
});
