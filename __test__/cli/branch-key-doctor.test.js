'use strict';

const assert = require('node:assert/strict');
const { after, before, beforeEach, describe, it } = require('node:test');

const { dynamoDb } = require('../support/branch-keys');
const { jsonLines } = require('../support/cli');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { TABLE, keyStorePlace } = require('../support/key-stores');
const { skipWithout } = require('../support/requirements');

const OF_TABLE = ['GetItem', 'Query'];
const CHANGES = /^(Put|Delete|Update|Batch|Transact|Create)/;

describe('kms-envelope doctor with a key store', { skip: skipWithout('python') }, () => {
  const place = keyStorePlace();
  let denied;
  let aws;
  before(async () => {
    await place.create('doctored');
    const { endpoint, kms } = place.moto;
    aws = await startFakeKms(async (operation, body, _calls, region) => {
      if (denied.includes(operation)) return refusal('AccessDeniedException');
      if (!OF_TABLE.includes(operation)) return { body: await kms(operation, body, { region }) };
      return { body: await dynamoDb(endpoint, operation, body, region) };
    });
  });
  after(() => aws?.stop());
  beforeEach(() => {
    denied = [];
  });

  /** The checks of the doctor by name, and how it ended. */
  async function doctor(...args) {
    const { code, stdout, stderr } = await place.cli('doctor', '--json', ...args);
    assert.equal(stderr, '');
    const [{ ok, checks }] = jsonLines(stdout);
    assert.equal(ok, code === 0);
    for (const { status, advice } of checks) assert.equal(status === 'failed', Boolean(advice));
    return { code, checks: Object.fromEntries(checks.map(({ name, ...check }) => [name, check])) };
  }

  const statuses = ({ checks }) =>
    ['read', 'show', 'create', 'write', 'encrypt', 'decrypt'].map((name) => checks[name]?.status);

  /** Every call passes what refuses some of them. */
  function refuse(...operations) {
    denied = operations;
    place.env.AWS_ENDPOINT_URL_KMS = aws.endpoint;
    place.env.AWS_ENDPOINT_URL_DYNAMODB = aws.endpoint;
  }

  it('finds a branch key in order, and changes nothing', async () => {
    const found = await doctor('--branch-key', 'doctored');
    assert.equal(found.code, 0);
    assert.deepEqual(statuses(found), ['ok', 'ok', 'ok', 'skipped', 'ok', 'ok']);
    const { detail } = found.checks['key-store'];
    assert.match(detail, /^branch-keys \(tenants\), from BRANCH_KEY_STORE; Region: us-west-2, /);
    const changes = (await place.calls()).filter((call) => CHANGES.test(call));
    assert.deepEqual(changes, []);
  });

  it('prints in words what it finds, and what it needs to try more', async () => {
    const { stdout } = await place.ok('doctor', '--key-store', TABLE);
    assert.match(stdout, /^ok +read +dynamodb:GetItem is allowed, which is needed to encrypt/m);
    assert.match(stdout, /^skipped +encrypt +no branch key is named; give --branch-key$/m);
  });

  it('finds a role that only encrypts and decrypts in order', async () => {
    refuse('Query', 'GenerateDataKeyWithoutPlaintext');
    const found = await doctor('--branch-key', 'doctored');
    assert.equal(found.code, 0);
    assert.deepEqual(statuses(found), ['ok', 'info', 'info', 'skipped', 'ok', 'ok']);
    assert.match(found.checks.show.detail, /^dynamodb:Query is not allowed.* to show and destroy$/);
    assert.match(found.checks.create.detail, /not allowed.* to create and rotate$/);
  });

  it('finds a role that only destroys in order, but not to encrypt with', async () => {
    refuse('GetItem', 'GenerateDataKeyWithoutPlaintext', 'Decrypt');
    const found = await doctor('--key-store', TABLE);
    assert.equal(found.code, 0);
    assert.deepEqual(statuses(found).slice(0, 4), ['info', 'ok', 'info', 'skipped']);
    const toEncrypt = await doctor('--branch-key', 'doctored');
    assert.equal(toEncrypt.code, 4);
    assert.equal(toEncrypt.checks.read.code, 'ERR_ENVELOPE_KEY_STORE_ACCESS_DENIED');
    assert.match(toEncrypt.checks.read.detail, /dynamodb:GetItem/);
  });

  it('reports a role that KMS does not let decrypt', async () => {
    refuse('Decrypt');
    const found = await doctor('--branch-key', 'doctored');
    assert.equal(found.code, 4);
    assert.deepEqual(statuses(found), ['ok', 'ok', 'ok', 'skipped', 'failed', 'skipped']);
    assert.equal(found.checks.encrypt.code, 'ERR_ENVELOPE_KMS_ACCESS_DENIED');
    assert.match(found.checks.encrypt.advice, /kms:Decrypt/);
  });

  it('reports what is missing or not the right one, and what to do', async () => {
    const noTable = await doctor('--key-store', 'missing');
    assert.equal(noTable.code, 4);
    assert.equal(noTable.checks.read.code, 'ERR_ENVELOPE_KEY_STORE_NOT_FOUND');
    assert.match(noTable.checks.read.advice, /branch-key create --create-table/);
    assert.equal(noTable.checks.create, undefined);

    const noBranchKey = await doctor('--branch-key', 'missing');
    assert.equal(noBranchKey.code, 4);
    assert.equal(noBranchKey.checks.read.status, 'ok');
    assert.equal(noBranchKey.checks.encrypt.code, 'ERR_ENVELOPE_BRANCH_KEY_NOT_FOUND');

    const otherName = await doctor('--branch-key', 'doctored', '--logical-name', 'other');
    assert.equal(otherName.checks.encrypt.code, 'ERR_ENVELOPE_BRANCH_KEY_ALTERED');

    const alias = await doctor('--key', 'alias/app', '--branch-key', 'doctored');
    assert.equal(alias.code, 2);
    assert.match(alias.checks['key-store'].detail, /needs the ARN of its KMS key/);

    delete place.env.BRANCH_KEY_STORE;
    const noStore = await doctor('--branch-key', 'doctored');
    assert.equal(noStore.code, 2);
    assert.match(noStore.checks['key-store'].detail, /--key-store.*BRANCH_KEY_STORE/);
  });

  it('checks the key itself where only the environment names a table', async () => {
    const { code, checks } = await doctor();
    assert.deepEqual([code, checks['key-store'], checks.decrypt.status], [0, undefined, 'ok']);
    assert.deepEqual(await place.calls(), ['Decrypt', 'GenerateDataKey']);
  });

  it('reports a table whose endpoint does not answer', async () => {
    place.env.AWS_ENDPOINT_URL_DYNAMODB = 'http://127.0.0.1:9';
    const found = await doctor('--branch-key', 'doctored');
    assert.equal(found.code, 4);
    assert.equal(found.checks.read.code, 'ERR_ENVELOPE_KEY_STORE_UNREACHABLE');
    assert.match(found.checks.read.advice, /AWS_ENDPOINT_URL_DYNAMODB/);
  });
});
