'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { AwsKmsKeyring, BranchKeyStore, HierarchicalKeyring, MultiKeyring } = require('../..');
const { skipReason } = require('./requirements');
const { keyringOf: plainKeyringOf } = require('./vectors');

const ROOT = path.join(__dirname, '..', '..');
const { ESDK_VECTORS: WHOLE_SET = path.join(ROOT, '..', 'shared', 'vectors') } = process.env;
/** The vectors of branch keys with their peers, if they are here. */
const WHOLE_HIERARCHY = path.join(WHOLE_SET, 'hierarchy');
const IS_WHOLE = fs.existsSync(WHOLE_HIERARCHY);
/** The vectors of branch keys: all, or the part of them that lies in this repository. */
const HIERARCHY = IS_WHOLE ? WHOLE_HIERARCHY : path.join(ROOT, 'tests', 'vectors', 'hierarchy');
const SUPPORT_ACCESS_KEY = 'test-support';
const BATCH = 25;

/** Why a suite is skipped that needs all vectors of branch keys and their peers; false if they are here. */
function skipWithoutWhole() {
  if (WHOLE_SET === 'none') return 'left out, as ESDK_VECTORS says';
  return skipReason(IS_WHOLE, `${WHOLE_HIERARCHY}; set ESDK_VECTORS to the vectors' folder`);
}

function json(name) {
  return JSON.parse(fs.readFileSync(path.join(HIERARCHY, `${name}.json`), 'utf8'));
}

/** Credentials and a Region for whatever is asked. */
function setEnvironment() {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-west-2',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
}

/** One DynamoDB call of an emulator. */
async function dynamoDb(endpoint, target, body, region = 'us-west-2') {
  const scope = `${SUPPORT_ACCESS_KEY}/20250101/${region}/dynamodb/aws4_request`;
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${target}`,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`DynamoDB ${target}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/** Makes the tables of a store.json, with their items and edited copies. */
async function loadStore(endpoint, { tables, variants }) {
  for (const table of tables) {
    await makeTable(endpoint, table.name, table.items);
    for (const { table: name, of, branch_key_ids: ids, edits } of variants) {
      if (of !== table.name) continue;
      const items = table.items.filter((item) => ids.includes(item['branch-key-id'].S));
      await makeTable(endpoint, name, edited(items, edits));
    }
  }
}

async function makeTable(endpoint, name, items) {
  const keys = ['branch-key-id', 'type'];
  await dynamoDb(endpoint, 'CreateTable', {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys.map((key, i) => ({ AttributeName: key, KeyType: ['HASH', 'RANGE'][i] })),
    AttributeDefinitions: keys.map((key) => ({ AttributeName: key, AttributeType: 'S' })),
  });
  for (let i = 0; i < items.length; i += BATCH) {
    const puts = items.slice(i, i + BATCH).map((Item) => ({ PutRequest: { Item } }));
    await dynamoDb(endpoint, 'BatchWriteItem', { RequestItems: { [name]: puts } });
  }
}

function edited(before, edits) {
  const find = ([id, type], items) =>
    items.find((item) => item['branch-key-id'].S === id && item.type.S === type);
  const items = structuredClone(before);
  for (const { put, item: key, delete: gone, copy_enc_from: from, set, remove = [] } of edits) {
    if (put) {
      items.push(put);
      continue;
    }
    const item = find(key, items);
    if (gone) items.splice(items.indexOf(item), 1);
    if (from) item.enc = find(from, before).enc;
    Object.assign(item, set);
    for (const name of remove) delete item[name];
  }
  return items;
}

/** Stores and keyrings as the vectors name them. */
class Vectors {
  constructor(endpoint) {
    this.endpoint = endpoint;
    this.keys = json('keys').keys;
    this.keyStores = json('store').key_stores;
    this.stores = new Map();
    this.keyrings = new Map();
  }

  /** The store of this name, or over another table. */
  store(name, other) {
    const id = `${name} ${other}`;
    if (!this.stores.has(id)) this.stores.set(id, this.#makeStore(this.keyStores[name], other));
    return this.stores.get(id);
  }

  #makeStore({ table, region, logical_name: logicalName, kms }, other) {
    const { endpoint } = this;
    const { key, arn, mrk_arn: related, discovery, mr_discovery: relatedIn } = kms;
    const kmsKeyId = arn ?? related ?? this.keys[key]?.arn;
    const kmsKeys = kmsKeyId
      ? { kmsKeyId, multiRegion: related !== undefined }
      : {
          discovery: true,
          kmsRegion: discovery ?? relatedIn,
          multiRegion: relatedIn !== undefined,
        };
    return new BranchKeyStore({
      tableName: other ?? table,
      logicalName,
      region,
      endpoint,
      kmsEndpoint: endpoint,
      maxAttempts: 1,
      breaker: false,
      ...kmsKeys,
    });
  }

  /** The keyring that a case or a job describes. */
  keyring(description) {
    const id = JSON.stringify(description);
    if (!this.keyrings.has(id)) this.keyrings.set(id, this.#makeKeyring(description));
    return this.keyrings.get(id);
  }

  #makeKeyring(description) {
    const { type, key_store: name, table, branch_key_id: branchKeyId, supplier } = description;
    if (type === 'multi') {
      const { generator, children } = description;
      return new MultiKeyring({
        generator: generator ? this.keyring(generator) : undefined,
        children: children.map((child) => this.keyring(child)),
      });
    }
    if (type === 'kms') {
      return new AwsKmsKeyring({ keyId: this.keys[description.key].arn, endpoint: this.endpoint });
    }
    if (type !== 'hierarchy') return plainKeyringOf(description, this.keys, this.endpoint);
    const branchKeyStore = this.store(name, table);
    if (supplier === undefined) return new HierarchicalKeyring({ branchKeyStore, branchKeyId });
    return new HierarchicalKeyring({ branchKeyStore, branchKeyIdOf: suppliedBy(supplier) });
  }
}

function suppliedBy({ pair, branch_key_ids: ids }) {
  return (context) => {
    const id = Object.hasOwn(context, pair) ? ids[context[pair]] : undefined;
    if (id === undefined) throw new Error('no branch key for this context');
    return id;
  };
}

module.exports = {
  HIERARCHY,
  IS_WHOLE,
  Vectors,
  dynamoDb,
  json,
  loadStore,
  makeTable,
  setEnvironment,
  skipWithoutWhole,
};
