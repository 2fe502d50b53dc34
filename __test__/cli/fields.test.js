'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { describe, it } = require('node:test');

const { Envelope, Fields, FolderKeysetStore, Keyset } = require('../..');
const { assertFailed, jsonLines, run, workplace } = require('../support/cli');
const { SQLITE_DRIVERS, nodeWithSqlite, sqlite } = require('../support/migrations');
const { isInstalled, requireOrSkip } = require('../support/requirements');
const { commandLine, hasPseudoTerminal, onTerminal } = require('../support/terminal');

const place = workplace();
const { at } = place;
const KEYS = ['--store', 'keys', '--tenant', 'acme'];

const cli = async (...args) => {
  const result = await place.cli('fields', ...args);
  assert.equal(result.code, 0, result.stderr);
  return String(result.stdout);
};
const created = () => cli('create', ...KEYS, '--refresh-seconds', '1', '--json');
const open = () => {
  const store = new FolderKeysetStore(at('keys'));
  return Fields.open({ envelope: new Envelope(place.keyId), store, tenant: 'acme' });
};

describe('kms-envelope fields', () => {
  it('makes keys that the library uses, and never a second time', async (t) => {
    const [{ tenant, keys }] = jsonLines(await created());
    assert.deepEqual(
      [tenant, keys.map(({ purpose }) => purpose)],
      ['acme', ['encryption', 'deterministic', 'index']],
    );
    const fields = await open();
    t.after(() => fields.close());
    assert.deepEqual(
      fields.keys().map(({ id }) => id),
      keys.map(({ id }) => id),
    );
    assert.equal(fields.refreshMs, 1000);
    assertFailed(await place.cli('fields', 'create', ...KEYS), 2, 'INVALID_ARGUMENT');
    const [shown] = jsonLines(await cli('show', ...KEYS, '--json'));
    assert.deepEqual(
      shown.keys.map(({ id }) => id),
      keys.map(({ id }) => id),
    );
  });

  it('rotates a key in two steps, or in one run that waits', async (t) => {
    await created();
    const [added] = jsonLines(await cli('rotate', ...KEYS, '--json'));
    assert.equal(added.promoted, false);
    assert.match(await cli('show', ...KEYS), new RegExp(`${added.keyId} .*decrypts`));
    const steps = jsonLines(await cli('rotate', ...KEYS, '--wait', '--json'));
    assert.deepEqual(steps.at(-1), { ...added, promoted: true, waitMs: 0 });
    const fields = await open();
    t.after(() => fields.close());
    assert.equal(fields.keys('encryption').find(({ primary }) => primary).id, added.keyId);
  });

  it('exports a keyset that Tink reads, in the clear only if asked to', async (t) => {
    await created();
    const clear = await cli('export', ...KEYS, '--form', 'tink-json');
    const keyset = await Keyset.import(clear, { from: 'tink-json' });
    const fields = await open();
    t.after(() => fields.close());
    const sealed = fields.column({ table: 't', column: 'c', type: 'text' }).encrypt('ada');
    const part = (text) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]);
    const id = sealed.subarray(1, 5);
    const parts = ['kms-envelope/field/1', 'acme', 't', 'c'].map(part);
    assert.equal(
      String(keyset.decrypt(sealed, Buffer.concat([...parts, Buffer.from([0]), id]))),
      'ada',
    );

    assertFailed(await place.cli('fields', 'export', ...KEYS), 2, 'INVALID_ARGUMENT');
    await cli(
      'export',
      ...KEYS,
      '--form',
      'tink-binary',
      '--output',
      'keyset',
      '--purpose',
      'index',
    );
    const index = await Keyset.import(fs.readFileSync(at('keyset')), { from: 'tink-binary' });
    assert.equal(index.primitive, 'prf');
    assert.equal(fs.statSync(at('keyset')).mode & 0o077, 0);
    const again = ['fields', 'export', ...KEYS, '--form', 'tink-binary', '--output', 'keyset'];
    assertFailed(await place.cli(...again), 5, 'FILE_EXISTS');
  });

  it('destroys the keys of a tenant only if that was confirmed, and then for good', async () => {
    await created();
    assertFailed(await place.cli('fields', 'destroy', ...KEYS), 2, 'INVALID_ARGUMENT');
    await cli('show', ...KEYS);
    assert.match(await cli('destroy', ...KEYS, '--yes'), /read no more/);
    assertFailed(await place.cli('fields', 'show', ...KEYS), 4, 'KEYSET_NOT_FOUND');
    assertFailed(await place.cli('fields', 'destroy', ...KEYS, '--yes'), 4, 'KEYSET_NOT_FOUND');
  });

  it('asks on a terminal for the name of the tenant before it destroys the keys', async (t) => {
    if (!requireOrSkip(t, hasPseudoTerminal(), 'script of util-linux')) return;
    await created();
    const destroy = (answer) =>
      onTerminal(place, commandLine(['fields', 'destroy', ...KEYS]), {
        asked: /All values of acme will be lost\. Type its name to go on: /,
        answer,
      });
    for (const answer of ['yes', 'Acme']) {
      const { code, shown } = await destroy(answer);
      assert.equal(code, 1, shown);
      assert.match(shown, /ERR_ENVELOPE_ABORTED: nothing was destroyed/);
    }
    await cli('show', ...KEYS);
    const { code, shown } = await destroy('acme');
    assert.equal(code, 0, shown);
    assert.match(shown, /destroyed the keys of acme; its values can be read no more/);
    assertFailed(await place.cli('fields', 'show', ...KEYS), 4, 'KEYSET_NOT_FOUND');
  });

  for (const [driver, { install, env: own }] of Object.entries(SQLITE_DRIVERS)) {
    it(`keeps keys in SQLite, through ${driver}`, async (t) => {
      const node = nodeWithSqlite();
      const peers = 'Node.js 24: run `node scripts/prepare.js peers`';
      if (!requireOrSkip(t, node && isInstalled('peers'), peers)) return;
      install(place.cwd);
      const env = { ...place.env, ...own };
      const keys = ['--store', 'sqlite:keys.db', '--tenant', 'acme'];
      const fields = (...args) => run(['fields', ...args, ...keys], { cwd: place.cwd, env, node });
      assertFailed(await fields('show'), 5, 'FILE_NOT_FOUND');
      const stored = () => sqlite(at('keys.db'), [['SELECT tenant, version FROM field_keys']])[0];
      const versions = [];
      for (const command of ['create', 'rotate', 'show']) {
        const { code, stderr } = await fields(command);
        assert.deepEqual([code, stderr], [0, ''], command);
        const [{ tenant, version }] = stored();
        assert.equal(tenant, 'acme');
        versions.push(version);
      }
      const [first] = versions;
      assert.deepEqual(versions, [first, first + 1, first + 1]);
      const { stdout } = await fields('export', '--form', 'tink-binary');
      assert.equal((await Keyset.import(stdout, { from: 'tink-binary' })).keys().length, 2);
      assert.equal((await fields('destroy', '--yes')).code, 0);
      assertFailed(await fields('show'), 4, 'KEYSET_NOT_FOUND');
    });
  }

  it('says how to install SQLite where a project has none', async (t) => {
    const node = nodeWithSqlite();
    if (!requireOrSkip(t, node, 'Node.js 24: run `node scripts/prepare.js peers`')) return;
    const env = { ...place.env, ...SQLITE_DRIVERS['better-sqlite3'].env };
    const args = ['fields', 'create', '--store', 'sqlite:keys.db', '--tenant', 'acme'];
    const { code, stderr } = await run(args, { cwd: place.cwd, env, node });
    assert.equal(code, 4, stderr);
    assert.match(stderr, /CONFIGURATION: .*npm install better-sqlite3, or use Node\.js 22\.13/);
  });

  const wrong = {
    'no command': [],
    'an unknown command': ['frobnicate'],
    'no store': ['show', '--tenant', 'acme'],
    'no tenant': ['show', '--store', 'keys'],
    'a file': ['show', ...KEYS, 'file'],
    'an unknown purpose': ['rotate', ...KEYS, '--purpose', 'other'],
    'no refresh time': ['create', ...KEYS, '--refresh-seconds', '0'],
    'a key for a keyset in the clear': ['export', ...KEYS, '--form', 'tink-json', '--to-key', 'x'],
  };
  for (const [name, args] of Object.entries(wrong)) {
    it(`refuses ${name}, and does nothing`, async () => {
      assertFailed(await place.cli('fields', ...args), 2, 'INVALID_ARGUMENT');
      assert.deepEqual(fs.readdirSync(place.cwd), []);
    });
  }
});
