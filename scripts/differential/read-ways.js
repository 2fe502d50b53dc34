'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs/promises');
const path = require('node:path');

const api = require('../..');
const { through, throughWeb } = require('../../__test__/support/streams');
const { outputRoom, randomPieces, randomView } = require('./bytes');
const { isUnlimited } = require('./write-ways');

const MIB = 1024 * 1024;

/**
 * A message and what it is read with.
 *
 * @typedef {object} Subject
 * @property {Buffer} message
 * @property {Buffer} original the message before it was changed
 * @property {boolean} changed
 * @property {Buffer} plaintext
 * @property {Record<string, string>} context all pairs that it authenticates
 * @property {Record<string, string>} expected the pairs that the reader is given
 * @property {string[]} requiredKeys
 * @property {import('../..').Envelope} reader
 * @property {import('./keys').Key} readerKey
 * @property {object | undefined} readerCache
 * @property {import('../..').Envelope} other an envelope of another key
 * @property {import('./keys').Key} otherKey
 * @property {{ id: number, derives: boolean, committing: boolean, signed: boolean }} suite
 * @property {boolean} framed
 * @property {number} frameLength in bytes
 * @property {() => Promise<string>} newFolder makes a folder of its own for each call
 * @property {object} [target] where it is re-encrypted to
 * @property {object} peers who is asked in this case
 */

/**
 * A way to read a message. If it fails, `read` puts into `released` what came out before, and what was
 * left in the caller's buffer.
 *
 * @typedef {object} ReadWay
 * @property {string} name
 * @property {(subject: Subject) => boolean} applies
 * @property {(subject: Subject) => string | undefined} [refuses] the code with which it refuses
 *   even the unchanged message, such as a signed one
 * @property {boolean} [releasesFrames] whether whole frames come out before the end has verified
 * @property {boolean} [byRange] whether it reads ranges, which begins with the final frame
 * @property {boolean} [isPeer] whether it is another implementation
 * @property {(change: import('./changes').Change) => boolean} [sees] false for a change that it need
 *   not refuse
 * @property {(subject: Subject, random: import('./random').Random, released: Uint8Array[]) =>
 *   Promise<{ plaintext?: Buffer, header?: object, newMessage?: Buffer }>} read
 */

/** @type {ReadWay[]} */
const WHOLE_WAYS = [
  {
    name: 'decrypt',
    applies: always,
    read: async ({ reader, message, expected: encryptionContext }, random) => ({
      plaintext: await reader.decrypt(randomView(random, message), { encryptionContext }),
    }),
  },
  {
    name: 'decryptMessage',
    applies: always,
    read: ({ reader, message, expected: encryptionContext }, random) =>
      reader.decryptMessage(randomView(random, message), { encryptionContext }),
  },
  {
    name: 'decrypt into',
    applies: always,
    read: (subject, random, released) =>
      into(subject, random, released, (message, options) =>
        subject.reader.decrypt(message, options),
      ),
  },
  {
    name: 'decryptSync',
    applies: isPredictable,
    refuses: blocks,
    read: async ({ reader, message, expected: encryptionContext }, random) => ({
      plaintext: reader.decryptSync(randomView(random, message), { encryptionContext }),
    }),
  },
  {
    name: 'decryptSync into',
    applies: isPredictable,
    refuses: blocks,
    read: (subject, random, released) =>
      into(subject, random, released, async (message, options) =>
        subject.reader.decryptSync(message, options),
      ),
  },
  {
    name: 'decryptBatch',
    applies: always,
    read: batch,
  },
  {
    name: 'decrypt of the module',
    applies: fitsModuleFunctions,
    read: async ({ readerKey: { keyId }, message, expected: encryptionContext }) => ({
      plaintext: await api.decrypt(message, { keyId, encryptionContext }),
    }),
  },
];

/** @type {ReadWay[]} */
const STREAM_WAYS = [
  {
    name: 'decryptStream',
    applies: always,
    releasesFrames: true,
    read: (subject, random, released) =>
      nodeStream(subject.reader.decryptStream(options(subject, random)), subject, random, released),
  },
  {
    name: 'decryptStream of the module',
    applies: (subject) => fitsModuleFunctions(subject) && !subject.suite.signed,
    releasesFrames: true,
    read(subject, random, released) {
      const { keyId } = subject.readerKey;
      const stream = api.decryptStream({ keyId, encryptionContext: subject.expected });
      return nodeStream(stream, subject, random, released);
    },
  },
  {
    name: 'decryptStream that refuses signed messages',
    applies: ({ suite }) => suite.signed,
    refuses: () => 'SIGNED_MESSAGE',
    read(subject, random, released) {
      const stream = subject.reader.decryptStream({ encryptionContext: subject.expected });
      return nodeStream(stream, subject, random, released);
    },
  },
  {
    name: 'decryptWebStream',
    applies: always,
    releasesFrames: true,
    async read(subject, random, released) {
      let header;
      const onHeader = (found) => (header = found);
      const stream = subject.reader.decryptWebStream({ ...options(subject, random), onHeader });
      const result = await throughWeb(stream, randomPieces(random, subject.message));
      return { plaintext: outputOf(result, released), header };
    },
  },
];

/** @type {ReadWay[]} */
const FILE_WAYS = [
  {
    name: 'decryptFile',
    applies: always,
    read: ({ reader, message, expected: encryptionContext, newFolder }) =>
      withFiles(newFolder, message, async (source, destination) => {
        const result = await reader.decryptFile(source, destination, { encryptionContext });
        const plaintext = await fs.readFile(destination);
        assert.deepEqual(result, {
          plaintextLength: plaintext.length,
          messageLength: message.length,
        });
        return { plaintext };
      }),
  },
];

/**
 * Calls with the paths of a source, which holds the message, and of a destination. Checks that no other
 * file is left and, if the call fails or `writes` is false, no destination either.
 */
async function withFiles(newFolder, message, call, { writes = true } = {}) {
  const folder = await newFolder();
  const [source, destination] = ['source', 'destination'].map((name) => path.join(folder, name));
  await fs.writeFile(source, message);
  let expected = ['source'];
  try {
    const answer = await call(source, destination);
    if (writes) expected = ['destination', 'source'];
    return answer;
  } finally {
    const found = await fs.readdir(folder);
    await fs.rm(folder, { recursive: true });
    assert.deepEqual(found.sort(), expected, 'files that are left');
  }
}

async function into(subject, random, released, call) {
  const { message, expected: encryptionContext } = subject;
  const room = outputRoom(random, Math.max(message.length, subject.original.length));
  try {
    const plaintext = await call(randomView(random, message), {
      encryptionContext,
      into: room.into,
    });
    room.checkOutput(plaintext);
    return { plaintext };
  } catch (error) {
    released.push(room.leftovers());
    throw error;
  }
}

/** Decrypts the message in a batch with unchanged ones, which must be decrypted whatever becomes of it. */
async function batch(subject, random) {
  const { reader, message, original, expected: encryptionContext, plaintext } = subject;
  const beside = message.length < MIB ? random.below(3) : 0;
  const messages = [...Array(beside).fill(original), message];
  const place = random.below(messages.length);
  [messages[place], messages[beside]] = [message, messages[place]];
  const settled = await reader.decryptBatch(messages, { encryptionContext });
  const [found] = settled.splice(place, 1);
  if (message !== original || found.status === 'fulfilled') {
    settled.forEach(({ value }) => assert.ok(value.equals(plaintext), 'another of the batch'));
  }
  if (found.status === 'rejected') throw found.reason;
  return { plaintext: found.value };
}

async function nodeStream(stream, subject, random, released) {
  let header;
  stream.on('header', (found) => (header = found));
  const result = await through(stream, randomPieces(random, subject.message));
  return { plaintext: outputOf(result, released), header };
}

/** Returns the output of a stream; if it failed, keeps what came out in `released`, and throws. */
function outputOf({ output, error }, released) {
  if (!error) return output;
  released.push(output);
  throw error;
}

function options({ expected: encryptionContext, suite, plaintext, changed }, random) {
  return {
    encryptionContext,
    ...(suite.signed ? { signed: 'release-before-verified' } : {}),
    // Not for a changed message, which must be refused for its change and not for its length.
    ...(!changed && random.onceIn(4) ? { plaintextLength: plaintext.length } : {}),
  };
}

function always() {
  return true;
}

/**
 * Returns whether a synchronous call has a certain outcome: a limited cache may or may not have dropped the
 * data key that the first read put there.
 */
function isPredictable({ readerKey, readerCache }) {
  return !readerKey.callsService || readerCache === undefined || isUnlimited(readerCache);
}

/** Returns the code of a synchronous call that would have to wait for a key service. */
function blocks({ readerKey, readerCache, suite }) {
  const known = readerCache !== undefined && suite.derives;
  return readerKey.callsService && !known ? 'WOULD_BLOCK' : undefined;
}

/** Returns whether the functions of the module can read it: they take a key id, and have the defaults. */
function fitsModuleFunctions({ readerKey, suite, requiredKeys }) {
  return readerKey.keyId !== undefined && suite.committing && requiredKeys.length === 0;
}

module.exports = { FILE_WAYS, STREAM_WAYS, WHOLE_WAYS, withFiles };
