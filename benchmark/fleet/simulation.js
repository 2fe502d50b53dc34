'use strict';

// A fleet in one process, whose clock can be turned: each of its members has keyrings and caches of its
// own, as a process has. It sends its parent the calls of each minute of model time.
const { fork } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

const { AwsKmsKeyring, BranchKeyStore, Envelope, HierarchicalKeyring } = require('../..');
const { FLEET, KMS_KEY } = require('./fleet');

const { processes, tenants, minutes, stepSeconds, maxAgeMs } = FLEET;
const HOUR = 3_600_000;
/** No call may fail because the clock was turned meanwhile. */
const PATIENT = {
  timeoutMs: HOUR,
  attemptTimeoutMs: HOUR,
  connectTimeoutMs: HOUR,
  maxQueued: 1_000_000,
};
/** How long a renewal in the background may take, in real time. */
const SETTLE_MS = 100;
const TENANTS = Array.from({ length: tenants }, (_, i) => `tenant-${i}`);

/** The envelope of one process, by how it gets its data keys. */
const SYSTEMS = {
  'plain KMS': (endpoint) => new Envelope({ keyring: kmsKeyring(endpoint) }),
  cache: (endpoint) =>
    new Envelope({ keyring: kmsKeyring(endpoint), cache: { maxAgeMs, maxEntries: 100_000 } }),
  'branch keys': (endpoint) => {
    const branchKeyStore = storeOf(endpoint);
    const branchKeyIdOf = ({ tenant }) => tenant;
    const limits = { maxAgeMs, maxEntries: 10_000 };
    return new Envelope({
      keyring: new HierarchicalKeyring({ branchKeyStore, branchKeyIdOf, ...limits }),
    });
  },
};

function kmsKeyring(endpoint) {
  return new AwsKmsKeyring({ keyId: KMS_KEY, endpoint, ...PATIENT });
}

function storeOf(endpoint) {
  const table = { tableName: 'branch-keys', logicalName: 'fleet', kmsKeyId: KMS_KEY };
  return new BranchKeyStore({ ...table, endpoint, kmsEndpoint: endpoint, ...PATIENT });
}

async function main(system) {
  const service = fork(path.join(__dirname, 'service.js'), { env: withoutClock() });
  const [{ port }] = await once(service, 'message');
  const endpoint = `http://127.0.0.1:${port}`;
  const calls = async () => {
    service.send('read');
    return (await once(service, 'message'))[0];
  };
  if (system === 'branch keys') await createAll(storeOf(endpoint));
  await calls();
  const fleet = Array.from({ length: processes }, () => SYSTEMS[system](endpoint));
  const perMinute = [];
  for (let second = 0; second < minutes * 60; second += stepSeconds) {
    setClock(second);
    await work(fleet, second / stepSeconds);
    await sleep(SETTLE_MS);
    if ((second + stepSeconds) % 60 === 0) perMinute.push(await calls());
  }
  process.send({ perMinute });
  service.disconnect();
}

async function createAll(store) {
  for (const branchKeyId of TENANTS) {
    await store.create({ branchKeyId, encryptionContext: { tenant: branchKeyId } });
  }
}

/** Each process encrypts a message for each tenant, and decrypts one that some process wrote. */
async function work(fleet, step) {
  const written = [];
  for (const envelope of fleet) {
    written.push(await all((tenant) => envelope.encrypt('x', contextOf(tenant))));
  }
  for (const [i, envelope] of fleet.entries()) {
    const writer = (tenant) => (i * 7 + tenant * 3 + step * 11) % processes;
    await all((tenant, t) => envelope.decrypt(written[writer(t)][t], contextOf(tenant)));
  }
}

function all(each) {
  return Promise.all(TENANTS.map(each));
}

function contextOf(tenant) {
  return { encryptionContext: { tenant } };
}

function setClock(seconds) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(seconds));
  const file = fs.openSync(process.env.MODEL_CLOCK, 'r+');
  fs.writeSync(file, bytes);
  fs.closeSync(file);
}

function withoutClock() {
  const { LD_PRELOAD: _, ...env } = process.env;
  return env;
}

main(process.argv[2]);
