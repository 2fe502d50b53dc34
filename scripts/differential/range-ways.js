'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs/promises');
const { pathToFileURL } = require('node:url');

const { EnvelopeError } = require('../..');
const { around } = require('./lengths');
const { randomView } = require('./bytes');
const { withFiles } = require('./read-ways');

const RANGES = 5;

/** The ways to read by ranges, from each kind of source: some random ranges, then the whole. */
const RANGE_WAYS = [
  way('decryptRange of memory', async (subject, random) =>
    byRange(subject, random, randomView(random, subject.message)),
  ),
  way('decryptRange of a path', async (subject, random) =>
    withSource(subject, (file) => byRange(subject, random, file)),
  ),
  way('decryptRange of a URL', async (subject, random) =>
    withSource(subject, (file) => byRange(subject, random, pathToFileURL(file))),
  ),
  way('decryptRange of a file handle', async (subject, random) =>
    withSource(subject, async (file) => {
      const handle = await fs.open(file);
      try {
        return await byRange(subject, random, handle);
      } finally {
        await handle.close();
      }
    }),
  ),
  way('decryptRange of a ranged source', async (subject, random) =>
    byRange(subject, random, rangedSource(subject.message, random.onceIn(2))),
  ),
  way('openMessage', async (subject, random) =>
    withSource(subject, async (file) => {
      const { reader, message, expected: encryptionContext } = subject;
      const source = random.pick([message, file, rangedSource(message, true)]);
      const opened = await reader.openMessage(source, { encryptionContext });
      try {
        checkSize(opened.size, subject);
        const plaintext = await readRanges(subject, random, (range) => opened.read(range));
        return { plaintext, header: opened.header };
      } finally {
        await opened.close();
      }
    }),
  ),
  {
    ...way('plaintextSize', async (subject, random) => {
      const { reader, message, expected: encryptionContext } = subject;
      const source = random.pick([message, rangedSource(message, false)]);
      const size = await reader.plaintextSize(source, { encryptionContext });
      checkSize(size, subject);
      return {};
    }),
    /** It reads no frame but the last. */
    sees: ({ place }) => place !== 'frames',
  },
];

/** @returns {import('./read-ways').ReadWay} */
function way(name, read) {
  return {
    name,
    byRange: true,
    applies: () => true,
    refuses({ suite, framed }) {
      if (!framed) return 'UNSUPPORTED_MESSAGE';
      return suite.signed ? 'SIGNED_MESSAGE' : undefined;
    },
    read,
  };
}

async function byRange(subject, random, source) {
  const { reader, expected: encryptionContext } = subject;
  const plaintext = await readRanges(subject, random, (range) =>
    reader.decryptRange(source, { ...range, encryptionContext }),
  );
  return { plaintext };
}

/**
 * Reads random ranges and compares each; returns what a read of the whole gives. Of a changed message, a
 * range may be refused.
 */
async function readRanges({ plaintext, frameLength, changed }, random, read) {
  for (let i = 0; i < RANGES; i++) {
    const range = randomRange(random, plaintext.length, frameLength);
    const found = await read(range).catch((error) => {
      if (!changed || !(error instanceof EnvelopeError)) throw error;
    });
    const { start = 0, end = plaintext.length } = range;
    const expected = plaintext.subarray(start, end);
    assert.ok(!found || found.equals(expected), `the range from ${start} to ${end}`);
  }
  return read({});
}

/** Returns a range, often with edges at or near those of frames or of the whole; now and then without one. */
function randomRange(random, length, frameLength) {
  const edge = () => {
    const places = [random.below(length + 1), around(random, length)];
    const frame = frameLength * random.below(Math.ceil(length / frameLength) + 1);
    return Math.min(length, random.pick([...places, around(random, frame)]));
  };
  const [start, end] = [edge(), edge()].sort((a, b) => a - b);
  if (random.onceIn(10)) return { start };
  if (random.onceIn(10)) return { end: end + random.below(100_000) };
  return { start, end };
}

/** @param {boolean} asynchronous whether `read` returns promises */
function rangedSource(message, asynchronous) {
  const read = (start, end) => message.subarray(start, end);
  return { size: message.length, read: asynchronous ? async (...range) => read(...range) : read };
}

function checkSize(size, { plaintext }) {
  assert.equal(size, plaintext.length, 'the size of the plaintext');
}

function withSource({ newFolder, message }, call) {
  return withFiles(newFolder, message, call, { writes: false });
}

module.exports = { RANGE_WAYS };
