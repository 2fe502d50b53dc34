'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');

const { CONTEXT, FRAME_LENGTH, KIB, MIB, SIZES } = require('../lib/keys');
const { inFlight, inRounds, sequential, synchronous } = require('../lib/rounds');
const { age } = require('../peers/age');
const { withAwsLc } = require('../peers/aws_lc_rs');
const { clientNode } = require('../peers/client_node');
const { handWritten } = require('../peers/hand_written');
const { envelope, warmEnvelope } = require('../peers/kms_envelope');
const { single } = require('../peers/node_crypto');

const WIDTH = 16;
/** Of what takes seconds a round, fewer. */
const ROUNDS = { '64 MiB': { rounds: 7, mostRounds: 15 } };
const CLIENT_FRAMES = 'our suite, 64 KiB frames';
const CLIENT_SMALL_FRAMES = 'our suite, 4 KiB frames';

/**
 * One length in one piece: to encrypt and to decrypt, each with a local key and with a warm cache.
 *
 * @param {{ quick: boolean, size: keyof typeof SIZES }} options
 */
async function onePiece({ quick, size }) {
  // Only so large a message is shared among cores; and a build for it takes long.
  const withRaw = size === '64 MiB' && !quick ? withAwsLc : (work) => work(() => ({}));
  return withRaw((raw) => bothKeys({ quick, size, raw }));
}

async function bothKeys({ quick, size, raw }) {
  const data = crypto.randomBytes(SIZES[size]);
  const groups = [];
  for (const cached of [false, true]) {
    const parties = await partiesFor(data, { cached, quick });
    const key = cached ? 'warm cache' : 'local key';
    for (const operation of ['encrypt', 'decrypt']) {
      const sides = { ...sidesOf(parties, operation, data), ...raw(operation, data.length) };
      groups.push({
        name: `${operation}, ${key}`,
        bytes: data.length,
        sides: await inRounds(sides, { quick, ...(quick ? {} : ROUNDS[size]) }),
      });
    }
  }
  return groups;
}

/** All who take part, each with what it encrypted, once it has been shown to be right. */
async function partiesFor(data, { cached, quick }) {
  const ours = cached ? await warmEnvelope(CONTEXT) : envelope();
  const options = { encryptionContext: CONTEXT };
  const encrypts = {
    'kms-envelope, sync': (input) => ours.encryptSync(input, options),
    'kms-envelope': (input) => ours.encrypt(input, options),
  };
  const parties = {};
  for (const [name, encrypt] of Object.entries(encrypts)) {
    const decrypt = name.endsWith('sync') ? ours.decryptSync : ours.decrypt;
    parties[name] = { encrypt, decrypt: (message) => decrypt.call(ours, message, options) };
  }
  const into = Buffer.allocUnsafeSlow(data.length + 40 * (data.length / FRAME_LENGTH) + KIB);
  parties['kms-envelope, sync, into a buffer'] = {
    encrypt: (input) => ours.encryptSync(input, { ...options, into }),
    decrypt: (message) => ours.decryptSync(message, { ...options, into }),
  };
  parties[`client-node, ${CLIENT_FRAMES}`] = clientNode(CLIENT_FRAMES, { cached });
  if (!quick || data.length >= MIB) {
    parties[`client-node, ${CLIENT_SMALL_FRAMES}`] = clientNode(CLIENT_SMALL_FRAMES, { cached });
  }
  // It refuses to share a data key between messages that it signs, as they are by default.
  if (!cached && !quick) parties['client-node, defaults'] = clientNode('defaults');
  parties['node:crypto, frames'] = handWritten({ cached });
  parties['node:crypto, single'] = single;
  if (!cached && !quick) parties.age = await age();
  for (const [name, party] of Object.entries(parties)) await verify(name, party, data, ours);
  return parties;
}

/** Each must give back what it was given; and what speaks our format, must be read by us. */
async function verify(name, party, data, ours) {
  party.message = await party.encrypt(data);
  if (Buffer.isBuffer(party.message)) party.message = Buffer.from(party.message);
  const plaintext = await party.decrypt(party.message);
  assert.ok(Buffer.compare(plaintext, data) === 0, `${name} does not decrypt what it encrypted`);
  if (name === 'age' || name === 'node:crypto, single') return;
  const read = await ours.decrypt(party.message);
  assert.ok(Buffer.compare(read, data) === 0, `${name}: its message is another one`);
}

function sidesOf(parties, operation, data) {
  const sides = {};
  for (const [name, party] of Object.entries(parties)) {
    const input = operation === 'encrypt' ? data : party.message;
    const once = () => party[operation](input);
    const isSync = /sync|node:crypto/.test(name);
    sides[name] = isSync ? synchronous(once) : sequential(once);
    const concurrent = name === 'kms-envelope' || name === `client-node, ${CLIENT_FRAMES}`;
    // 16 messages of 64 MiB at once would measure the memory alone.
    if (concurrent && data.length <= MIB)
      sides[`${name}, ${WIDTH} in flight`] = inFlight(once, WIDTH);
  }
  return sides;
}

module.exports = { onePiece };
