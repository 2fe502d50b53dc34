'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');

const { BranchKeyStore, Envelope, HierarchicalKeyring } = require('../..');
const { CONTEXT, KIB } = require('../lib/keys');
const { withKms } = require('../lib/kms');
const { inRounds, sequential, synchronous } = require('../lib/rounds');
const { envelope } = require('../peers/kms-envelope');
const { clientNodeOfBranchKey } = require('../peers/client-node-branch-keys');

const LENGTH = KIB;
const TABLE = { tableName: 'branch-keys', logicalName: 'benchmark' };
const BRANCH_KEY = 'acme';

/** Messages of 1 KiB, each with a data key of its own under a branch key that is in the cache. */
async function branchKeys({ quick }) {
  return withKms(async ({ keyArn, endpoint, env }) => {
    Object.assign(process.env, env);
    const branchKeyStore = new BranchKeyStore({
      ...TABLE,
      kmsKeyId: keyArn,
      endpoint,
      kmsEndpoint: endpoint,
    });
    await branchKeyStore.createTable();
    await branchKeyStore.create({ branchKeyId: BRANCH_KEY, encryptionContext: CONTEXT });
    const place = { ...TABLE, branchKeyId: BRANCH_KEY, kmsKeyId: keyArn, endpoint };
    const parties = { ...ofOurs(branchKeyStore), 'client-node': clientNodeOfBranchKey(place) };
    const data = crypto.randomBytes(LENGTH);
    const message = await verified(parties, data);
    const groups = [];
    for (const operation of ['encrypt', 'decrypt']) {
      const input = operation === 'encrypt' ? data : message;
      const sides = {};
      for (const [name, party] of Object.entries(parties)) {
        const repeated = party.synchronous ? synchronous : sequential;
        sides[name] = repeated(() => party[operation](input));
      }
      sides['kms-envelope, raw AES key'] = synchronous(rawAes(operation, data));
      groups.push({ name: operation, bytes: LENGTH, sides: await inRounds(sides, { quick }) });
    }
    return groups;
  });
}

function ofOurs(branchKeyStore) {
  const keyring = new HierarchicalKeyring({ branchKeyStore, branchKeyId: BRANCH_KEY });
  const ours = new Envelope({ keyring });
  const options = { encryptionContext: CONTEXT };
  return {
    'kms-envelope': {
      encrypt: (data) => ours.encrypt(data, options),
      decrypt: (message) => ours.decrypt(message, options),
    },
    'kms-envelope, synchronous': {
      synchronous: true,
      encrypt: (data) => ours.encryptSync(data, options),
      decrypt: (message) => ours.decryptSync(message, options),
    },
  };
}

/** The same without a branch key, which tells what its wrapping costs. */
function rawAes(operation, data) {
  const options = { encryptionContext: CONTEXT };
  const raw = envelope();
  if (operation === 'encrypt') return () => raw.encryptSync(data, options);
  const message = raw.encryptSync(data, options);
  return () => raw.decryptSync(message, options);
}

/** A message that all read; each reads what each wrote, so that all have the branch key. */
async function verified(parties, data) {
  let message;
  for (const [writer, { encrypt }] of Object.entries(parties)) {
    const written = await encrypt(data);
    message ??= written;
    for (const [reader, { decrypt }] of Object.entries(parties)) {
      const read = await decrypt(written);
      assert.equal(
        Buffer.compare(read, data),
        0,
        `${reader} reads other data than ${writer} wrote`,
      );
    }
  }
  return message;
}

module.exports = { branchKeys };
