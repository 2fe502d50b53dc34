'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');

const { CONTEXT, SIGNED_SUITE, SIZES } = require('../lib/keys');
const { inRounds, sequential, synchronous } = require('../lib/rounds');
const { clientNode } = require('../peers/client-node');
const { envelope } = require('../peers/kms-envelope');

const options = { encryptionContext: CONTEXT };

/** The same with a signature, suite 0x0578: a key pair, a signature and its check for each message. */
async function signed({ quick }) {
  const ours = envelope({ algorithmSuite: SIGNED_SUITE });
  const parties = {
    'kms-envelope, sync': {
      encrypt: (data) => ours.encryptSync(data, options),
      decrypt: (message) => ours.decryptSync(message, options),
    },
    'kms-envelope': {
      encrypt: (data) => ours.encrypt(data, options),
      decrypt: (message) => ours.decrypt(message, options),
    },
    'client-node, signed, 64 KiB frames': clientNode('signed, 64 KiB frames'),
  };
  const groups = [];
  for (const size of quick ? ['1 KiB'] : ['1 KiB', '1 MiB']) {
    const data = crypto.randomBytes(SIZES[size]);
    for (const operation of ['encrypt', 'decrypt']) {
      const sides = {};
      for (const [name, party] of Object.entries(parties)) {
        const message = await party.encrypt(data);
        assert.ok(data.equals(await party.decrypt(message)), `${name} gives other bytes back`);
        assert.ok(data.equals(await ours.decrypt(message)), `${name}: not a message of ours`);
        const input = operation === 'encrypt' ? data : message;
        const once = () => party[operation](input);
        sides[name] = name.endsWith('sync') ? synchronous(once) : sequential(once);
      }
      const measured = await inRounds(sides, { quick });
      groups.push({ name: `${operation}, ${size}`, bytes: data.length, sides: measured });
    }
  }
  return groups;
}

module.exports = { signed };
