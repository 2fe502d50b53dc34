'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { describe, it } = require('node:test');

const { BranchKeyStore } = require('../..');
const { dynamoDb } = require('../support/branch-keys');
const { BIN, assertFailed, jsonLines } = require('../support/cli');
const { LOGICAL_NAME, REGION, TABLE, keyStorePlace } = require('../support/key-stores');
const { requireOrSkip, skipWithout } = require('../support/requirements');

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('kms-envelope branch-key', { skip: skipWithout('python') }, () => {
  const place = keyStorePlace();
  const { cli, create, ok } = place;
  const branchKey = async (...args) => (await ok('branch-key', ...args)).stdout;
  const ids = async () => {
    const listed = await branchKey('list', '--json');
    return listed === '' ? [] : jsonLines(listed).map(({ branchKeyId }) => branchKeyId);
  };

  it('creates, lists, shows, rotates and destroys branch keys that the library uses', async () => {
    const created = await branchKey('create', 'blue', '--context', 'tenant=blue', '--json');
    const [{ branchKeyId, version: first }] = jsonLines(created);
    assert.equal(branchKeyId, 'blue');
    assert.match(first, UUID);
    const message = await place.envelope('blue').encrypt('hello');
    assert.ok((await ids()).includes('blue'));
    assert.match(await branchKey('list'), /^blue$/m);

    const [{ version: second }] = jsonLines(await branchKey('rotate', 'blue', '--json'));
    assert.notEqual(second, first);
    assert.equal(String(await place.envelope('blue').decrypt(message)), 'hello');

    const [{ versions, ...shown }] = jsonLines(await branchKey('show', 'blue', '--json'));
    assert.deepEqual(shown, {
      branchKeyId: 'blue',
      activeVersion: second,
      kmsKeyId: place.kmsKeyId,
      encryptionContext: { tenant: 'blue' },
      authenticated: false,
    });
    assert.deepEqual(
      versions.map(({ version }) => version),
      [second, first],
    );
    const text = await branchKey('show', 'blue');
    assert.match(text, /^blue, not authenticated:\n {2}KMS key +arn:aws:kms:/);
    assert.match(text, /^ {2}context +tenant = blue$/m);
    assert.match(text, new RegExp(`^ {2}active +version ${second}, made \\d{4}-`, 'm'));
    assert.match(text, new RegExp(`^ {2}unwraps +version ${first}, made \\d{4}-`, 'm'));

    const destroyed = await branchKey('destroy', 'blue', '--yes', '--json');
    assert.deepEqual(jsonLines(destroyed), [{ branchKeyId: 'blue', versions: 2, destroyed: true }]);
    assertFailed(await cli('branch-key', 'show', 'blue'), 4, 'BRANCH_KEY_NOT_FOUND');
    assertFailed(await cli('branch-key', 'destroy', 'blue', '--yes'), 4, 'BRANCH_KEY_NOT_FOUND');
    assertFailed(await cli('branch-key', 'rotate', 'blue'), 4, 'BRANCH_KEY_NOT_FOUND');
    assert.ok(!(await ids()).includes('blue'));
  });

  it('makes the table if it is asked to, and a random id if none is given', async () => {
    const elsewhere = ['--key-store', 'another-table'];
    assertFailed(await cli('branch-key', 'create', ...elsewhere), 4, 'KEY_STORE_NOT_FOUND');
    const [{ branchKeyId }] = jsonLines(
      await branchKey('create', ...elsewhere, '--create-table', '--json'),
    );
    assert.match(branchKeyId, UUID);
    assert.equal(await branchKey('list', ...elsewhere), `${branchKeyId}\n`);
    await branchKey('create', ...elsewhere, '--create-table');
  });

  it('takes the table by its ARN, and then its Region from that', async () => {
    await create('by-arn');
    const { Table } = await dynamoDb(place.moto.endpoint, 'DescribeTable', { TableName: TABLE });
    place.env.BRANCH_KEY_STORE = Table.TableArn;
    place.env.AWS_REGION = 'eu-central-1';
    assert.match(await branchKey('list'), /^by-arn$/m);
    await branchKey('rotate', 'by-arn');
    place.env.BRANCH_KEY_STORE = TABLE;
    assertFailed(await cli('branch-key', 'list'), 4, 'KEY_STORE_NOT_FOUND');
  });

  it('prints ids of any kind as harmless lines', async () => {
    const odd = 'red\u001b[31m\nline';
    await create(odd);
    assert.match(await branchKey('list'), /^red\\u001b\[31m line$/m);
    assert.ok((await ids()).includes(odd));
    assert.match(await branchKey('destroy', '--yes', '--', odd), /^destroyed 1 version of red\\u/);
  });

  it('makes no branch key twice, and none without a context', async () => {
    await create('once');
    const again = await cli('branch-key', 'create', 'once', '-c', 'tenant=once');
    assertFailed(again, 2, 'BRANCH_KEY_EXISTS');
    const failed = await cli('branch-key', 'create', 'other');
    assertFailed(failed, 2, 'INVALID_ARGUMENT');
    assert.match(failed.stderr, /--context, such as/);
    assert.ok(!(await ids()).includes('other'));
  });

  it('needs no key and no logical name to list, show and destroy', async () => {
    await create('keyless');
    delete place.env.ENCRYPTION_KEY_ID;
    delete place.env.BRANCH_KEY_LOGICAL_NAME;
    await place.moto.clearRequests();
    assert.match(await branchKey('list'), /^keyless$/m);
    await branchKey('show', 'keyless');
    await branchKey('destroy', 'keyless', '--yes');
    const targets = (await place.moto.requests()).map(({ target }) => target);
    assert.deepEqual(
      targets.filter((target) => !target.startsWith('DynamoDB_')),
      [],
    );
  });

  it('goes on with a destruction that was cut off', async () => {
    await create('half');
    await place.store.rotate('half');
    const Key = { 'branch-key-id': { S: 'half' }, type: { S: 'branch:ACTIVE' } };
    await dynamoDb(place.moto.endpoint, 'DeleteItem', { TableName: TABLE, Key });
    assert.match(await branchKey('destroy', 'half', '--yes'), /^destroyed 2 versions of half;/);
    assert.ok(!(await ids()).includes('half'));
  });

  it('asks on a terminal for the id of what is to be destroyed', async (t) => {
    const script = spawnSync('script', ['--version'], { encoding: 'utf8' });
    if (!requireOrSkip(t, /util-linux/.test(script.stdout ?? ''), 'script of util-linux')) return;
    await create('asked');
    const answered = (input) =>
      spawnSync('script', ['-qec', `'${process.execPath}' '${BIN}' branch-key destroy asked`], {
        cwd: place.cwd,
        env: { ...process.env, ...place.env },
        encoding: 'utf8',
        input,
        timeout: 60_000,
      });
    const refused = answered('other\n');
    assert.match(refused.stdout, /All data under asked will be lost\. Type its id to go on: /);
    assert.match(refused.stdout, /ERR_ENVELOPE_ABORTED: nothing was destroyed/);
    assert.ok((await ids()).includes('asked'));
    const agreed = answered('asked\n');
    assert.match(agreed.stdout, /destroyed 1 version of asked/);
    assert.ok(!(await ids()).includes('asked'));
  });

  it('takes related multi-Region keys for one only with the option for it', async () => {
    const { moto, env } = place;
    const arn = (region) => `arn:aws:kms:${region}:111122223333:key/mrk-${'ab'.repeat(16)}`;
    await create('related');
    const Key = { 'branch-key-id': { S: 'related' }, type: { S: 'branch:ACTIVE' } };
    const { Item } = await dynamoDb(moto.endpoint, 'GetItem', { TableName: TABLE, Key });
    Item['kms-arn'] = { S: arn(REGION) };
    await dynamoDb(moto.endpoint, 'PutItem', { TableName: TABLE, Item });
    env.ENCRYPTION_KEY_ID = arn('eu-west-1');
    await moto.clearRequests();
    assertFailed(await cli('branch-key', 'rotate', 'related'), 4, 'KMS_WRONG_KEY');
    assert.deepEqual(await place.calls(), ['GetItem']);
    // This KMS has no such key: which key it is asked for, and where, is what counts.
    assertFailed(await cli('branch-key', 'rotate', 'related', '--multi-region'), 4, 'KMS_\\w+');
    const [, asked] = await moto.requests();
    assert.deepEqual([asked.region, asked.body.SourceKeyId], ['eu-west-1', arn('eu-west-1')]);
  });

  it('refuses a key store of another logical name', async () => {
    await create('named');
    const args = ['branch-key', 'rotate', 'named', '--logical-name', 'other'];
    assertFailed(await cli(...args), 4, 'BRANCH_KEY_ALTERED');
    const { endpoint } = place.moto;
    const options = { tableName: TABLE, logicalName: LOGICAL_NAME, discovery: true, endpoint };
    assert.equal((await new BranchKeyStore(options).describe('named')).versions.length, 1);
  });

  const wrong = {
    'no command': [],
    'an unknown command': ['frobnicate'],
    'no id': ['show'],
    'an empty id': ['rotate', ''],
    'two ids': ['rotate', 'a', 'b'],
    'an id to list': ['list', 'a'],
    'an option of another command': ['list', '--key', 'x'],
    'no table': ['list', '--key-store', ''],
    'no logical name': ['rotate', 'a', '--logical-name', ''],
    'an alias': ['rotate', 'a', '--key', 'alias/app'],
    'a local key': ['rotate', 'a', '--key', 'local:dev.key'],
    'a destruction that nobody agreed to': ['destroy', 'a'],
  };
  for (const [name, args] of Object.entries(wrong)) {
    it(`refuses ${name}, and asks nobody`, async () => {
      assertFailed(await cli('branch-key', ...args), 2, 'INVALID_ARGUMENT');
      assert.deepEqual(await place.calls(), []);
    });
  }
});
