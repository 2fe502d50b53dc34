'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { beforeEach, describe, it } = require('node:test');

const { jsonLines, run, start, workplace } = require('../support/cli');
const { nodeWithSqlite, openTenant, tableOfUsers } = require('../support/migrations');
const { PEERS, skipReason, skipWithout } = require('../support/requirements');

const node = nodeWithSqlite();
const skip =
  skipWithout('peers') || skipReason(node, 'Node.js 24: run `node scripts/prepare.js peers`');
const COLUMN = { table: 'users', column: 'email', type: 'text' };

const place = workplace();
const { at } = place;
const { args, users, insert } = tableOfUsers(place);

describe('kms-envelope fields migrate, of rows that it refuses,', { skip }, () => {
  const peer = createRequire(path.join(PEERS, 'package.json'));
  let options;

  beforeEach(() => (options = { cwd: place.cwd, env: place.env, node }));

  /** Rows 2 to 101 are of cloak, all others plaintext. */
  function insertCloak(rows) {
    const cloak = peer('@47ng/cloak');
    const key = cloak.generateKey();
    fs.writeFileSync(at('cloak.keys'), `${key}\n`);
    const parsed = cloak.parseKeySync(key);
    insert(
      Array.from({ length: rows }, (_, i) => {
        const text = `user${i}@example.com`;
        return i >= 1 && i <= 100 ? cloak.encryptStringSync(text, parsed) : text;
      }),
    );
  }

  it('goes on at the first row that failed, and so does all with the right --from', async (t) => {
    const column = (await openTenant(t, place)).column({ ...COLUMN, encoding: 'buffer' });
    insertCloak(102);
    const result = await run(args('--from', 'plaintext', '--batch', '1'), options);
    assert.equal(result.code, 3, result.stderr);
    assert.match(result.stderr, /100 rows have failed/);
    const more = ['--from', 'plaintext', '--from', 'cloak:cloak.keys', '--json'];
    const { code, stdout, stderr } = await run(args(...more), options);
    assert.deepEqual([code, stderr], [0, '']);
    const [told] = jsonLines(stdout);
    assert.deepEqual([told.resumed, told.rows, told.encrypted], [true, 101, 101]);
    for (const { id, email } of users()) {
      const text = column.decrypt(Buffer.from(email.hex, 'hex'), { row: id });
      assert.equal(text, `user${id - 1}@example.com`);
    }
  });

  it('fails as long as rows fail, also after it was killed', async (t) => {
    await openTenant(t, place);
    const broken = Array.from({ length: 2000 }, (_, i) => (i === 1 ? '{' : '{"a":1}'));
    insert(broken);
    const json = ['--from', 'plaintext', '--type', 'json', '--batch', '1'];
    const child = start(args(...json), options);
    const isEncrypted = ({ email }) => typeof email !== 'string';
    for (let i = 0; i < 500 && users().filter(isEncrypted).length < 5; i++);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const done = users().filter(isEncrypted).length;
    assert.ok(done >= 5 && done < 1999, `${done} are done`);
    for (let i = 0; i < 2; i++) {
      const result = await run(args(...json), options);
      assert.equal(result.code, 3, result.stderr);
      assert.match(result.stderr, /'users\.email, row 2'.*\n.* 1 failed\n$/);
    }
    assert.equal(users()[1].email, '{');
  });

  /** Adds a key, makes it the current one, and destroys those before it. */
  async function replaceKeys(fields, purpose) {
    const old = fields.keys(purpose).map(({ id }) => id);
    await fields.promote(await fields.addKey(purpose), { force: true });
    for (const id of old) {
      await fields.disable(id, { force: true });
      await fields.destroyKey(id, { force: true });
    }
  }

  const kinds = {
    'base64url text': { encoding: 'base64url' },
    'base64 text': { encoding: 'base64' },
    'hexadecimal text': { encoding: 'hex' },
    bytes: { encoding: 'buffer' },
    'deterministic text': { encoding: 'base64url', deterministic: true },
  };
  for (const [name, kind] of Object.entries(kinds)) {
    it(`takes no lone value under a destroyed key for plaintext: ${name}`, async (t) => {
      const fields = await openTenant(t, place);
      const { deterministic = false, encoding } = kind;
      const sealed = fields.column({ ...COLUMN, ...kind }).encrypt('a');
      await replaceKeys(fields, deterministic ? 'deterministic' : 'encryption');
      const lost = encoding === 'buffer' ? { hex: sealed.toString('hex') } : sealed;
      insert([lost, 'ada@example.com']);
      const more = ['--from', 'plaintext', ...(deterministic ? ['--deterministic'] : [])];
      const result = await run(args(...more), options);
      assert.equal(result.code, 4, result.stderr);
      assert.match(
        result.stderr,
        /NO_USABLE_KEY: 'users\.email, row 1': .*under key \d+, .*NULL.*--from plaintext:any\n.* 1 failed\n$/,
      );
      assert.deepEqual(users()[0].email, lost);
      assert.ok(users()[1].email.hex);
    });
  }

  it('takes plaintext that looks encrypted by --from plaintext:any', async (t) => {
    const fields = await openTenant(t, place);
    const column = fields.column({ ...COLUMN, encoding: 'buffer' });
    const like = `01${'0badcafe'.repeat(10)}`;
    const own = fields.column({ ...COLUMN, encoding: 'hex' }).encrypt('ours', { row: 2 });
    insert([like, own]);
    const result = await run(args('--from', 'plaintext:any'), options);
    assert.equal(result.code, 3, result.stderr);
    assert.match(result.stderr, /row 2': .*in hex; give --encoding/);
    const [first, second] = users();
    assert.equal(column.decrypt(Buffer.from(first.email.hex, 'hex'), { row: 1 }), like);
    assert.equal(second.email, own);
  });
});
