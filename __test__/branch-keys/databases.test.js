'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { promisify } = require('node:util');

const { setEnvironment } = require('../support/branch-keys');
const { branchKeyUser } = require('../support/branch-key-users');
const { temporaryFolder } = require('../support/files');
const { environmentOf } = require('../support/key-stores');
const { startMoto } = require('../support/moto');
const { nodeBinary } = require('../support/nodes');
const { postgresPrograms, startPostgres } = require('../support/postgres');
const { skipReason, skipWithout } = require('../support/requirements');

const EXAMPLES = path.join(__dirname, '..', '..', 'examples');
const skip = skipWithout('python', 'examples') || skipReason(nodeBinary(24), 'Node.js 24');
const kinds = {
  postgresql: skipReason(postgresPrograms(), 'PostgreSQL: apt-get install postgresql'),
  sqlite: false,
};

setEnvironment();

for (const [kind, missing] of Object.entries(kinds)) {
  describe(`branch keys in ${kind}, by the example`, { skip: skip || missing }, () => {
    const folder = temporaryFolder();
    const users = [];
    let moto;
    let server;
    let place;
    let options;
    let pair;

    before(async () => {
      moto = await startMoto();
      const { arn: kmsKeyId } = await moto.createKey({ region: 'us-west-2' });
      options = { kmsKeyId, env: environmentOf(moto.endpoint) };
      if (kind === 'postgresql') server = await startPostgres();
      place = server?.url ?? path.join(folder, 'keys.db');
      pair = [newUser(), newUser()];
      await pair[0].ask('createTable');
    });
    after(async () => {
      await Promise.all(users.map((user) => user.stop()));
      server?.stop();
      await moto?.stop();
    });

    function newUser() {
      const user = branchKeyUser(kind, place, options);
      users.push(user);
      return user;
    }

    const create = (user, branchKeyId) =>
      user.ask('create', {
        branchKeyId,
        encryptionContext: { tenant: `\u{1f600} "\\ ${branchKeyId}` },
      });

    test('a branch key created in one process is used in another', async () => {
      const [one, other] = pair;
      await other.ask('createTable');
      const first = await create(one, 'life');
      await assert.rejects(create(other, 'life'), { code: 'ERR_ENVELOPE_BRANCH_KEY_EXISTS' });
      const old = await one.ask('encrypt', 'life', 'old');
      const second = await other.ask('rotate', 'life');
      const message = await one.ask('encrypt', 'life', 'new');
      assert.equal(await other.ask('decrypt', 'life', old), 'old');
      assert.equal(await other.ask('decrypt', 'life', message), 'new');
      const described = await one.ask('describe', 'life');
      assert.equal(described.activeVersion, second.version);
      assert.deepEqual(
        described.versions.map(({ version }) => version),
        [second.version, first.version],
      );
      assert.deepEqual(described.encryptionContext, { tenant: '\u{1f600} "\\ life' });
      assert.ok((await other.ask('list')).includes('life'));
      assert.deepEqual(await one.ask('destroy', 'life'), { versions: 2 });
      assert.deepEqual(await other.ask('types', 'life'), []);
      const notFound = { code: 'ERR_ENVELOPE_BRANCH_KEY_NOT_FOUND' };
      await assert.rejects(other.ask('decrypt', 'life', old), notFound);
      await assert.rejects(other.ask('rotate', 'life'), notFound);
      assert.ok(!(await other.ask('list')).includes('life'));
    });

    test('two processes that rotate at once each succeed, or are told of a conflict', async () => {
      await create(pair[0], 'race');
      await Promise.all(pair.map((user) => user.ask('slow', 20)));
      const rotations = Array.from({ length: 6 }, (_, i) => pair[i % 2].ask('rotate', 'race'));
      const results = await Promise.allSettled(rotations);
      const failed = results.filter(({ status }) => status === 'rejected');
      for (const { reason } of failed) {
        assert.equal(reason.code, 'ERR_ENVELOPE_BRANCH_KEY_CONFLICT', reason.message);
      }
      const won = results.length - failed.length;
      assert.ok(won >= 1);
      assert.equal((await pair[0].ask('describe', 'race')).versions.length, 1 + won);
    });

    test('of two processes that create a branch key of one id at once, one succeeds', async () => {
      const results = await Promise.allSettled(pair.map((user) => create(user, 'once')));
      const [lost, ...others] = results.filter(({ status }) => status === 'rejected');
      assert.equal(lost.reason.code, 'ERR_ENVELOPE_BRANCH_KEY_EXISTS');
      assert.equal(others.length, 0);
      assert.equal((await pair[0].ask('types', 'once')).length, 3);
    });

    test('a process killed at any statement leaves a store that works', async () => {
      const [witness] = pair;
      const attempts = [
        ['create', 3, 'the third item'],
        ['create', 4, 'the commit'],
        ['rotate', 2, 'the second item'],
        ['rotate', 3, 'the commit'],
      ];
      await Promise.all(
        attempts.map(async ([operation, statement, name]) => {
          const id = `${operation}-${statement}`;
          if (operation === 'rotate') await create(witness, id);
          const earlier = await witness.ask('types', id);
          const attempt = (user) =>
            operation === 'create' ? create(user, id) : user.ask('rotate', id);
          const user = newUser();
          await user.ask('dieBefore', statement);
          await assert.rejects(attempt(user), { code: 'killed' });
          assert.deepEqual(await witness.ask('types', id), earlier, `${operation}, before ${name}`);
          await attempt(witness);
          const message = await witness.ask('encrypt', id, 'works');
          assert.equal(await witness.ask('decrypt', id, message), 'works');
        }),
      );
    });

    test('the example runs as it stands', async () => {
      const names = { ...options.env, KMS_KEY_ARN: options.kmsKeyId, DATABASE_URL: place };
      const args = [...(kind === 'sqlite' ? [place] : []), 'tenant-blue'];
      const program = path.join(EXAMPLES, `branch-keys-${kind}.ts`);
      const { stdout } = await promisify(execFile)(
        nodeBinary(24),
        ['--no-warnings', program, ...args],
        { env: { ...process.env, ...names }, timeout: 60_000 },
      );
      assert.equal(stdout, 'hello, tenant-blue\n');
    });
  });
}
