'use strict';

const assert = require('node:assert/strict');
const { after, before, beforeEach, describe, it } = require('node:test');

const { BranchKeyStore, Envelope, HierarchicalKeyring } = require('../..');
const { setEnvironment } = require('../support/branch-keys');
const { startFakeKms } = require('../support/fake-kms');
const { rejection } = require('../support/rejects');

setEnvironment();

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1111';
const CiphertextBlob = Buffer.alloc(100, 2).toString('base64');
/** What KMS answers. */
const KMS = {
  GenerateDataKeyWithoutPlaintext: { body: { KeyId: KEY, CiphertextBlob } },
  ReEncrypt: { body: { SourceKeyId: KEY, KeyId: KEY, CiphertextBlob } },
};

describe('a table of branch keys (injected)', () => {
  let fake;
  let answer;
  let asked;
  before(async () => {
    fake = await startFakeKms((operation, body) => {
      asked.push([operation, body]);
      return KMS[operation] ?? answer(operation, body);
    });
  });
  beforeEach(() => (asked = []));
  after(() => fake.stop());

  const newStore = () =>
    new BranchKeyStore({
      tableName: 'branch-keys',
      logicalName: 'tenants',
      kmsKeyId: KEY,
      region: 'eu-west-1',
      endpoint: fake.endpoint,
      kmsEndpoint: fake.endpoint,
      maxAttempts: 1,
    });
  const create = () => newStore().create({ branchKeyId: 'kept', encryptionContext: { a: 'b' } });
  const cancelled = (...codes) => ({
    status: 400,
    body: {
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      CancellationReasons: codes.map((Code) => ({ Code })),
    },
  });

  it('is listed page by page, each from where the one before it ended', async () => {
    const idOf = (id) => ({ 'branch-key-id': { S: id } });
    const pages = [
      { Items: [idOf('a')], LastEvaluatedKey: idOf('a') },
      { Items: [], LastEvaluatedKey: idOf('m') },
      { Items: [idOf('z')] },
    ];
    answer = () => ({ body: pages.shift() });
    assert.deepEqual(await newStore().list(), ['a', 'z']);
    assert.deepEqual(
      asked.map(([, { ExclusiveStartKey }]) => ExclusiveStartKey),
      [undefined, idOf('a'), idOf('m')],
    );
    for (const [, { ExpressionAttributeValues, FilterExpression }] of asked) {
      assert.equal(FilterExpression, '#type = :active');
      assert.deepEqual(ExpressionAttributeValues, { ':active': { S: 'branch:ACTIVE' } });
    }
  });

  it('is read consistently to change or describe a branch key, and to encrypt if it is not found', async () => {
    answer = () => ({ body: {} });
    const branchKeyStore = newStore();
    const keyring = new HierarchicalKeyring({ branchKeyStore, branchKeyId: 'kept' });
    await rejection(branchKeyStore.rotate('kept'), 'BRANCH_KEY_NOT_FOUND');
    await rejection(branchKeyStore.describe('kept'), 'BRANCH_KEY_NOT_FOUND');
    await rejection(new Envelope({ keyring }).encrypt('x'), 'BRANCH_KEY_NOT_FOUND');
    assert.deepEqual(
      asked.map(([operation, { ConsistentRead }]) => [operation, ConsistentRead]),
      [
        ['GetItem', true],
        ['Query', true],
        ['GetItem', undefined],
        ['GetItem', true],
      ],
    );
  });

  it('tells by the reasons of a cancelled write whether it may be tried again', async () => {
    const answers = (writes) => (operation) =>
      operation === 'TransactWriteItems' ? writes : { body: {} };
    for (const [reasons, code, retryable] of [
      [['None', 'TransactionConflict', 'None'], 'KEY_STORE_THROTTLED', true],
      [['None', 'ProvisionedThroughputExceeded'], 'KEY_STORE_THROTTLED', true],
      [['ValidationError'], 'KEY_STORE_REJECTED', false],
      [['TransactionConflict', 'ConditionalCheckFailed'], 'BRANCH_KEY_EXISTS', false],
    ]) {
      answer = answers(cancelled(...reasons));
      assert.equal((await rejection(create(), code)).retryable, retryable);
    }
  });
});
