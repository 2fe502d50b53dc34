'use strict';

const assert = require('node:assert/strict');

/** Longer messages are not sent to a peer, in bytes. */
const MAX_LENGTH = 200_000;
const PYTHON_MAX_FRAME_LENGTH = 2 ** 31 - 1;

/**
 * The peers: AWS's Encryption SDKs, other implementations of the format, as writers and as readers. A
 * scenario has in `peers` those that take part in its case.
 */
const NAMES = ['python', 'javascript'];

const peerWriters = NAMES.map((name) => ({
  name: `the SDK for ${name}`,
  applies: (scenario) => canWrite(name, scenario),
  async write({ peers, key, suite, context, requiredKeys, plaintext }, random) {
    const { result } = await peers[name].encrypt({
      keyring: key.peer,
      suite: hex(suite),
      encryptionContext: context,
      ...(requiredKeys.length > 0 ? { requiredContextKeys: requiredKeys } : {}),
      frameLength: FRAME_LENGTHS[name](random, plaintext.length),
      plaintext,
    });
    return result;
  },
}));

const peerReaders = NAMES.map((name) => ({
  name: `the SDK for ${name}`,
  isPeer: true,
  applies: (subject) => canRead(name, subject),
  async read({ peers, readerKey, message, expected, requiredKeys, suite }) {
    const found = await peers[name].decrypt({
      keyring: readerKey.peer,
      message,
      ...(name === 'python' ? { encryptionContext: expected } : {}),
      ...(requiredKeys.length > 0 ? { requiredContextKeys: requiredKeys } : {}),
    });
    assert.equal(found.suite, hex(suite), 'the suite that a peer found');
    return { plaintext: found.result };
  },
  /** Peers need not compare the context, nor look at bytes after the message. */
  sees: ({ place }) => place !== 'context' && place !== 'after',
}));

// Python writes only multiples of 128, and bodies that are not framed; few frames are enough.
const FRAME_LENGTHS = {
  python(random, length) {
    if (random.onceIn(4)) return 0;
    return 128 * (Math.ceil(length / 128 / 200) + random.below(100));
  },
  javascript: (random, length) => Math.ceil(length / 200) + 1 + random.below(10_000),
};

function canWrite(name, { peers, key, plaintext, requiredKeys }) {
  const inPython = name === 'python' || requiredKeys.length === 0;
  return peers[name] !== undefined && key.peer && plaintext.length <= MAX_LENGTH && inPython;
}

function canRead(name, { peers, readerKey, message, requiredKeys, frameLength, framed }) {
  if (!peers[name] || !readerKey.peer || message.length > MAX_LENGTH) return false;
  if (name === 'python') return frameLength <= PYTHON_MAX_FRAME_LENGTH;
  return requiredKeys.length === 0 && framed;
}

function hex({ id }) {
  return id.toString(16).padStart(4, '0');
}

module.exports = { peerReaders, peerWriters };
