'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { before, describe, test } = require('node:test');

const { BranchKeyStore, Envelope, HierarchicalKeyring } = require('../..');
const { HIERARCHY, json, makeTable, setEnvironment } = require('../support/branch-keys');
const { skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

setEnvironment();

/** What AWS's libraries sent, where they differ that of JavaScript, which follows the specification. */
const recorded = (operation) => {
  const { recordings } = json('requests');
  const found = recordings.filter((one) => one.peer === 'js' && one.operation === operation);
  return found.find(({ branch_key: key }) => ['green', 'blue', 'unicode'].includes(key)).requests;
};

describe('what is sent for branch keys', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto({ keys: path.join(HIERARCHY, 'keys.json') });
  let store;
  before(async () => {
    await makeTable(moto.endpoint, 'branch-keys', []);
    store = new BranchKeyStore({
      tableName: 'branch-keys',
      logicalName: 'tenant key store',
      kmsKeyId: json('keys').keys['kms-1'].arn,
      endpoint: moto.endpoint,
      kmsEndpoint: moto.endpoint,
    });
  });

  test('is what AWS’s libraries send to create, rotate, encrypt and decrypt', async () => {
    const encryptionContext = { department: 'billing', stage: 'production' };
    const branchKeyId = 'tenant-green';
    await expectSent('CreateKey', () => store.create({ branchKeyId, encryptionContext }));
    await expectSent('VersionKey', () => store.rotate(branchKeyId));
    const keyring = new HierarchicalKeyring({ branchKeyStore: store, branchKeyId });
    const envelope = new Envelope({ keyring });
    let message;
    await expectSent('encrypt', async () => (message = await envelope.encrypt('x')));
    await expectSent('decrypt', () => envelope.decrypt(message));
  });

  async function expectSent(operation, work) {
    await moto.clearRequests();
    await work();
    const sent = (await moto.requests()).map(({ target, body }) => ({ target, body }));
    assert.deepEqual(sent.map(shape), recorded(operation).map(shape), operation);
  }
});

/** A request without what is random or differs from key to key. */
function shape({ target, body }) {
  const { ClientRequestToken: _, ConsistentRead: __, ReturnConsumedCapacity: ___, ...rest } = body;
  return { target, body: plain(rest) };
}

function plain(value, name = '') {
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (typeof value === 'object' && value !== null) {
    const custom = (key) => key.startsWith('aws-crypto-ec:');
    const entries = Object.entries(value).filter(([key]) => !custom(key) && !unused(key, value));
    return Object.fromEntries(
      entries.map(([key, item]) => [placeholder(key), plain(item, key)]).sort(),
    );
  }
  if (name === 'CiphertextBlob' || name === 'B') return 'BYTES';
  return placeholder(String(value))
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, 'TIME')
    .replace(/^(tenant-(green|blue|red)|mieter-.*)$/, 'ID');
}

function unused(key, value) {
  return key === 'GrantTokens' && value[key].length === 0;
}

/** The libraries call the placeholder of the id by different names. */
function placeholder(text) {
  return text.replace(/#(bkid|BranchKeyIdentifierField)\b/g, '#id');
}
