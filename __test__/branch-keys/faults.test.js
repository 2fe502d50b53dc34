'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { BranchKeyStore, Envelope, HierarchicalKeyring } = require('../..');
const { startAwsProxy } = require('../support/aws-proxy');
const { setEnvironment } = require('../support/branch-keys');
const { startMoto } = require('../support/moto');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');

setEnvironment();
const JOB = path.join(__dirname, '..', 'support', 'branch-key-job.js');
const encryptionContext = { tenant: 'blue' };
/** What each operation calls, in its order. */
const CALLS = {
  create: [
    'GenerateDataKeyWithoutPlaintext',
    'ReEncrypt',
    'GenerateDataKeyWithoutPlaintext',
    'TransactWriteItems',
  ],
  rotate: [
    'GetItem',
    'ReEncrypt',
    'GenerateDataKeyWithoutPlaintext',
    'ReEncrypt',
    'TransactWriteItems',
  ],
};

describe('branch keys when something fails', { skip: skipWithout('python') }, () => {
  let moto;
  let proxy;
  let options;
  before(async () => {
    moto = await startMoto();
    proxy = await startAwsProxy(moto.endpoint);
    const { arn: kmsKeyId } = await moto.createKey({ region: 'us-west-2' });
    options = { tableName: 'faults', logicalName: 'tenants', kmsKeyId, maxAttempts: 1 };
    await newStore().createTable();
  });
  after(async () => {
    await proxy?.stop();
    await moto?.stop();
  });

  const at = ({ endpoint }) => ({ ...options, endpoint, kmsEndpoint: endpoint });
  /** A store past the proxy. */
  const newStore = () => new BranchKeyStore(at(moto));
  /** A store behind the proxy. */
  const faultyStore = (more) => new BranchKeyStore({ ...at(proxy), ...more });
  const envelopeOf = (branchKeyStore, branchKeyId, more) =>
    new Envelope({ keyring: new HierarchicalKeyring({ branchKeyStore, branchKeyId, ...more }) });
  const create = (branchKeyId) => newStore().create({ branchKeyId, encryptionContext });

  /** Runs the operation in a process of its own, which is killed at one call, or after it was answered. */
  async function killed(operation, branchKeyId, moment, hold) {
    proxy.state.operations = [];
    const child = spawn(process.execPath, [JOB, operation, branchKeyId, JSON.stringify(at(proxy))]);
    const exited = once(child, 'exit');
    proxy.state.decide = () => {
      if (proxy.state.operations.length <= moment) return undefined;
      return { hold, held: () => child.kill('SIGKILL') };
    };
    const [, signal] = await exited;
    proxy.state.decide = () => undefined;
    assert.equal(signal, 'SIGKILL');
    assert.deepEqual(proxy.state.operations, CALLS[operation].slice(0, moment + 1));
  }

  /** The branch key wraps, unwraps and rotates. */
  async function works(branchKeyId) {
    const store = newStore();
    const message = await envelopeOf(store, branchKeyId).encrypt('x');
    const { versions, activeVersion } = await store.describe(branchKeyId);
    const rotated = await store.rotate(branchKeyId);
    assert.equal(String(await envelopeOf(newStore(), branchKeyId).decrypt(message)), 'x');
    const after = await store.describe(branchKeyId);
    assert.equal(after.versions.length, versions.length + 1);
    assert.deepEqual([versions[0].version, after.activeVersion], [activeVersion, rotated.version]);
    return versions.length;
  }

  for (const hold of /** @type {const} */ (['call', 'answer'])) {
    for (const [moment, call] of CALLS.create.entries()) {
      const isDone = hold === 'answer' && call === 'TransactWriteItems';
      test(`a process killed in create, before the ${hold} of call ${moment + 1}`, async () => {
        const id = `create-${hold}-${moment}`;
        await killed('create', id, moment, hold);
        if (isDone) await rejection(create(id), 'BRANCH_KEY_EXISTS');
        else await rejection(newStore().describe(id), 'BRANCH_KEY_NOT_FOUND');
        if (!isDone) await create(id);
        assert.equal(await works(id), 1);
      });
    }

    for (const [moment, call] of CALLS.rotate.entries()) {
      const isDone = hold === 'answer' && call === 'TransactWriteItems';
      test(`a process killed in rotate, before the ${hold} of call ${moment + 1}`, async () => {
        const id = `rotate-${hold}-${moment}`;
        await create(id);
        const old = await envelopeOf(newStore(), id).encrypt('old');
        await killed('rotate', id, moment, hold);
        assert.equal(await works(id), isDone ? 2 : 1);
        assert.equal(String(await envelopeOf(newStore(), id).decrypt(old)), 'old');
      });
    }
  }

  test('a table or a KMS that refuses, or does not answer, gives an error with a code', async () => {
    await create('codes');
    const message = await envelopeOf(newStore(), 'codes').encrypt('x');
    const refusal = (type, status) => ({ answer: { status, body: { __type: type } } });
    // Those that throttle come last: all calls to a place that throttled slow down for a while.
    const faults = [
      ['GetItem', { hold: 'call' }, 'KEY_STORE_TIMEOUT'],
      ['Decrypt', { hold: 'call' }, 'KMS_TIMEOUT'],
      ['GetItem', refusal('AccessDeniedException'), 'KEY_STORE_ACCESS_DENIED'],
      // What AWS says if the clock of the process is wrong.
      ['GetItem', refusal('InvalidSignatureException'), 'KMS_BAD_CREDENTIALS'],
      ['Decrypt', refusal('RequestExpired'), 'KMS_BAD_CREDENTIALS'],
      ['GetItem', refusal('InternalServerError', 500), 'KEY_STORE_INTERNAL'],
      ['GetItem', refusal('ProvisionedThroughputExceededException'), 'KEY_STORE_THROTTLED'],
      ['Decrypt', refusal('ThrottlingException'), 'KMS_THROTTLED'],
    ];
    for (const [operation, decision, code] of faults) {
      proxy.state.decide = (asked) => (asked === operation ? decision : undefined);
      const timeoutMs = decision.hold ? 1500 : undefined;
      const envelope = envelopeOf(faultyStore({ timeoutMs }), 'codes');
      const calls = [envelope.encrypt('x'), envelope.decrypt(message)];
      await Promise.all(calls.map((call) => rejection(call, code)));
      proxy.state.decide = () => undefined;
      const later = envelopeOf(faultyStore(), 'codes');
      assert.equal(String(await later.decrypt(message)), 'x', 'and then it works');
    }
  });

  test('a rotation whose write is throttled leaves the branch key as it was', async () => {
    const { version } = await create('throttled');
    const body = { __type: 'ProvisionedThroughputExceededException' };
    proxy.state.decide = (asked) =>
      asked === 'TransactWriteItems' ? { answer: { body } } : undefined;
    await rejection(faultyStore().rotate('throttled'), 'KEY_STORE_THROTTLED');
    const fresh = faultyStore().create({ branchKeyId: 'unborn', encryptionContext });
    await rejection(fresh, 'KEY_STORE_THROTTLED');
    proxy.state.decide = () => undefined;
    assert.equal((await newStore().describe('throttled')).activeVersion, version);
    await rejection(newStore().describe('unborn'), 'BRANCH_KEY_NOT_FOUND');
    assert.equal(await works('throttled'), 1);
  });

  test('cached branch keys work while the table is throttled, until their maximum age', async () => {
    await create('warm');
    const warm = envelopeOf(faultyStore(), 'warm');
    const short = envelopeOf(faultyStore(), 'warm', { maxAgeMs: 100 });
    const message = await warm.encrypt('x');
    await warm.decrypt(message);
    await short.decrypt(message);
    const body = { __type: 'ThrottlingException' };
    proxy.state.decide = () => ({ answer: { body } });
    assert.equal(String(await warm.decrypt(message)), 'x');
    assert.equal(String(warm.decryptSync(warm.encryptSync('y'))), 'y');
    await sleep(150);
    await rejection(short.decrypt(message), 'KEY_STORE_THROTTLED');
    proxy.state.decide = () => undefined;
    assert.equal(String(await short.decrypt(message)), 'x');
  });
});
