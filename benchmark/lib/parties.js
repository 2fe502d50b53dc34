'use strict';

const assert = require('node:assert/strict');

const { CONTEXT, FRAME_LENGTH, KIB, MIB } = require('./keys');

const CLIENT_FRAMES = 'client-node, our suite, 64 KiB frames';
const OURS = 'kms-envelope';
const OURS_SYNC = 'kms-envelope, sync';
const OURS_POOLED = 'kms-envelope, into a pooled output';
const options = { encryptionContext: CONTEXT };

/**
 * Who encrypts and decrypts messages in one piece, by name. They are loaded where they are made.
 *
 * @type {Record<string, (setting: { cached: boolean, length: number }) => Promise<Party> | Party>}
 *
 * @typedef {{ encrypt(data: Buffer): any, decrypt(message: any): any }} Party
 */
const PARTIES = {
  async [OURS_SYNC]({ cached }) {
    const ours = await envelopeFor(cached);
    return {
      encrypt: (data) => ours.encryptSync(data, options),
      decrypt: (message) => ours.decryptSync(message, options),
    };
  },
  async [OURS]({ cached }) {
    const ours = await envelopeFor(cached);
    return {
      encrypt: (data) => ours.encrypt(data, options),
      decrypt: (message) => ours.decrypt(message, options),
    };
  },
  async 'kms-envelope, sync, into a buffer'({ cached, length }) {
    const ours = await envelopeFor(cached);
    const into = Buffer.allocUnsafeSlow(length + 40 * (length / FRAME_LENGTH) + KIB);
    return {
      encrypt: (data) => ours.encryptSync(data, { ...options, into }),
      decrypt: (message) => ours.decryptSync(message, { ...options, into }),
    };
  },
  async [OURS_POOLED]({ cached }) {
    const ours = await envelopeFor(cached);
    const { pooled } = require('../peers/kms-envelope');
    return pooled({
      encrypt: (data, into) => ours.encrypt(data, { ...options, into }),
      decrypt: (message, into) => ours.decrypt(message, { ...options, into }),
    });
  },
  [CLIENT_FRAMES]: client('our suite, 64 KiB frames'),
  'client-node, our suite, 4 KiB frames': client('our suite, 4 KiB frames'),
  'client-node, defaults': client('defaults'),
  'node:crypto, frames': ({ cached }) => require('../peers/hand-written').handWritten({ cached }),
  'node:crypto, single': () => require('../peers/node-crypto').single,
  age: () => require('../peers/age').age(),
};

/** Those who take part in a comparison. */
function partiesOf({ cached, quick, length }) {
  return Object.keys(PARTIES).filter((name) => {
    // It refuses to share a data key between messages that it signs, as they are by default.
    if (name === 'client-node, defaults' || name === 'age') return !cached && !quick;
    // It is for large data.
    if (name === OURS_POOLED) return length > MIB;
    return name !== 'client-node, our suite, 4 KiB frames' || !quick || length >= MIB;
  });
}

/** Returns whether a party answers at once, and not with a promise. */
function isSync(name) {
  return /sync|node:crypto/.test(name);
}

/** Those who are also measured with several messages at a time. */
function worksInFlight(name) {
  return name === OURS || name === CLIENT_FRAMES;
}

/**
 * Returns a party with the message it makes of some data. It must give back what it was given; and what
 * speaks our format, must be read by us.
 *
 * @param {string} name
 * @param {Buffer} data
 * @param {boolean} cached
 */
async function verified(name, data, cached) {
  const party = await PARTIES[name]({ cached, length: data.length });
  let message = await party.encrypt(data);
  if (Buffer.isBuffer(message)) message = Buffer.from(message);
  const plaintext = await party.decrypt(message);
  assert.ok(Buffer.compare(plaintext, data) === 0, `${name} does not decrypt what it encrypted`);
  if (name !== 'age' && name !== 'node:crypto, single') {
    const ours = await envelopeFor(false);
    const read = await ours.decrypt(message);
    assert.ok(Buffer.compare(read, data) === 0, `${name}: its message is another one`);
  }
  return { party, message };
}

function client(suite) {
  return ({ cached }) => require('../peers/client-node').clientNode(suite, { cached });
}

function envelopeFor(cached) {
  const { envelope, warmEnvelope } = require('../peers/kms-envelope');
  return cached ? warmEnvelope(CONTEXT) : envelope();
}

module.exports = { isSync, partiesOf, verified, worksInFlight };
