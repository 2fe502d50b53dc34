'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');

const { CONTEXT } = require('../lib/keys');
const { inRounds, sequential } = require('../lib/rounds');
const { clientNode } = require('../peers/client-node');
const { handWritten } = require('../peers/hand-written');
const { envelope, warmEnvelope } = require('../peers/kms-envelope');

const COUNT = 10_000;
const LENGTH = 256;
const CLIENT = 'our suite, 64 KiB frames';
const options = { encryptionContext: CONTEXT };

/** 10,000 records of 256 bytes: in a batch, and one after another under one data key. */
async function batch({ quick }) {
  const records = Array.from({ length: COUNT }, () => crypto.randomBytes(LENGTH));
  const ours = envelope();
  const warm = await warmEnvelope(CONTEXT);
  const parties = {
    'kms-envelope, batch': {
      encrypt: async (items) => values(await ours.encryptBatch(items, options)),
      decrypt: async (items) => values(await ours.decryptBatch(items, options)),
    },
    'kms-envelope, one by one': oneByOne({
      encrypt: (item) => warm.encryptSync(item, options),
      decrypt: (item) => warm.decryptSync(item, options),
    }),
    'node:crypto, frames': oneByOne(handWritten({ cached: true })),
  };
  // 10,000 of its messages take seconds.
  if (!quick) parties[`client-node, ${CLIENT}`] = oneByOne(clientNode(CLIENT, { cached: true }));
  const groups = [];
  for (const operation of ['encrypt', 'decrypt']) {
    const sides = {};
    for (const [name, party] of Object.entries(parties)) {
      party.messages ??= await verified(name, party, records);
      const items = operation === 'encrypt' ? records : party.messages;
      sides[name] = { ...sequential(() => party[operation](items)), single: true };
    }
    const measured = await inRounds(sides, {
      quick,
      ...(quick ? {} : { rounds: 9, mostRounds: 21 }),
    });
    groups.push({
      name: `${operation}, batch`,
      records: COUNT,
      bytes: COUNT * LENGTH,
      sides: measured,
    });
  }
  return groups;
}

function oneByOne({ encrypt, decrypt }) {
  const each = (work) => async (items) => {
    const done = [];
    for (const item of items) {
      const result = work(item);
      // Awaiting what is there already would slow down whoever is synchronous.
      done.push(result instanceof Promise ? await result : result);
    }
    return done;
  };
  return { encrypt: each(encrypt), decrypt: each(decrypt) };
}

async function verified(name, party, records) {
  const messages = await party.encrypt(records);
  const plaintexts = await party.decrypt(messages);
  const same = plaintexts.every((plaintext, i) => Buffer.compare(plaintext, records[i]) === 0);
  assert.ok(same && plaintexts.length === records.length, `${name} gives other records back`);
  return messages;
}

function values(settled) {
  return settled.map(({ value, reason }) => {
    if (reason) throw reason;
    return value;
  });
}

module.exports = { batch };
