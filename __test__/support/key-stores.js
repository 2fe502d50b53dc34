'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, beforeEach } = require('node:test');

const { BranchKeyStore, Envelope, HierarchicalKeyring } = require('../..');
const { setEnvironment } = require('./branch-keys');
const { run } = require('./cli');
const { temporaryFolder } = require('./files');
const { startMoto } = require('./moto');

const REGION = 'us-west-2';
const TABLE = 'branch-keys';
const LOGICAL_NAME = 'tenants';

/** A table of branch keys in moto, and the command line in a folder of its own for each test. */
function keyStorePlace() {
  setEnvironment();
  const root = temporaryFolder();
  const place = {
    cwd: '',
    env: {},
    kmsKeyId: '',
    /** @type {Awaited<ReturnType<typeof startMoto>>} */
    moto: undefined,
    /** @type {InstanceType<typeof BranchKeyStore>} */
    store: undefined,
    at: (...names) => path.join(place.cwd, ...names),
    cli: (...args) => run(args, { cwd: place.cwd, env: place.env }),
    /** What a command prints that goes well. */
    async ok(...args) {
      const result = await place.cli(...args);
      assert.equal(result.code, 0, result.stderr);
      return { stdout: String(result.stdout), stderr: result.stderr };
    },
    create: (branchKeyId) =>
      place.store.create({ branchKeyId, encryptionContext: { tenant: branchKeyId } }),
    /** An envelope of the library under a branch key. */
    envelope(branchKeyId) {
      const keyring = new HierarchicalKeyring({ branchKeyStore: place.store, branchKeyId });
      return new Envelope({ keyring });
    },
    /** The calls since the last time, sorted. */
    async calls() {
      const seen = await place.moto.operations();
      await place.moto.clearRequests();
      return seen.sort();
    },
  };
  before(async () => {
    place.moto = await startMoto();
    const { endpoint } = place.moto;
    place.kmsKeyId = (await place.moto.createKey({ region: REGION })).arn;
    place.store = new BranchKeyStore({
      tableName: TABLE,
      logicalName: LOGICAL_NAME,
      kmsKeyId: place.kmsKeyId,
      endpoint,
      kmsEndpoint: endpoint,
    });
    await place.store.createTable();
  });
  after(() => place.moto?.stop());
  beforeEach(async () => {
    place.cwd = fs.mkdtempSync(path.join(root, 'test-'));
    place.env = { ...environmentOf(place.moto.endpoint), ...namesOf(place.kmsKeyId) };
    await place.moto.clearRequests();
  });
  return place;
}

/** The options by which the command line reaches an emulator. */
function environmentOf(endpoint) {
  return {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL_KMS: endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  };
}

/** The environment variables that name the table and the key. */
function namesOf(kmsKeyId) {
  return {
    BRANCH_KEY_STORE: TABLE,
    BRANCH_KEY_LOGICAL_NAME: LOGICAL_NAME,
    ENCRYPTION_KEY_ID: kmsKeyId,
  };
}

module.exports = { LOGICAL_NAME, REGION, TABLE, environmentOf, keyStorePlace, namesOf };
