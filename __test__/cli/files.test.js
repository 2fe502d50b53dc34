'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { execFileSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { beforeEach, describe, it } = require('node:test');

const { Envelope, LocalKeyring } = require('../..');
const { assertFailed, jsonLines, workplace } = require('../support/cli');
const { flip } = require('../support/edits');

const WINDOWS = process.platform === 'win32';
const FILES = {
  'a.txt': 'a',
  empty: '',
  'sub/b.bin': crypto.randomBytes(300_000),
  'sub/c/d': 'd',
};

const { at, cli, keyId, root, start, write } = workplace();
LocalKeyring.generate(path.join(root, 'new.key'));
const newKeyId = `local:${path.join(root, 'new.key')}`;

/** What became of each file, from the output of a run with --json. */
async function outcomes(...args) {
  const { stdout, stderr, code } = await cli(...args, '--json');
  const results = Object.fromEntries(
    jsonLines(stdout).map(({ source, status }) => [source.replaceAll('\\', '/'), status]),
  );
  const errors = jsonLines(stderr).map(({ error }) => error.code.replace('ERR_ENVELOPE_', ''));
  return { code, results, errors };
}

/** Each of the outcomes once. */
function statuses({ results }) {
  return [...new Set(Object.values(results))];
}

function writeTree(folder, files = FILES) {
  for (const [name, content] of Object.entries(files)) write(path.join(folder, name), content);
}

/** The names of the files that a folder has not, or not with their content. */
function missingIn(folder, files = FILES) {
  return Object.keys(files).filter((name) => {
    const file = at(path.join(folder, name));
    return !fs.existsSync(file) || !fs.readFileSync(file).equals(Buffer.from(files[name]));
  });
}

function namesIn(folder) {
  const names = fs.readdirSync(at(folder), { recursive: true, withFileTypes: true });
  return names.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
}

beforeEach(() => writeTree('in'));

describe('folders on the command line', () => {
  it('are encrypted into another tree, and decrypted from it', async () => {
    assert.equal((await cli('encrypt', '-r', 'in', '-o', 'out')).code, 0);
    const names = Object.keys(FILES).map((name) => `${path.basename(name)}.encrypted`);
    assert.deepEqual(namesIn('out').sort(), names.sort());
    assert.equal((await cli('decrypt', '-r', 'out', '-o', 'back')).code, 0);
    assert.deepEqual(missingIn('back'), []);
  });

  it('are encrypted in place, and not a second time', async () => {
    assert.equal((await cli('encrypt', '-r', 'in')).code, 0);
    const again = await outcomes('encrypt', '-r', 'in');
    assert.deepEqual(statuses(again), ['skipped']);
    assert.equal(namesIn('in').length, 2 * Object.keys(FILES).length);
    for (const name of Object.keys(FILES)) fs.rmSync(at(path.join('in', name)));
    assert.equal((await cli('decrypt', '-r', 'in')).code, 0);
    assert.deepEqual(missingIn('in'), []);
  });

  it('are encrypted without the folder that is written to', async () => {
    assert.equal((await cli('encrypt', '-r', '.', '-o', 'in/out')).code, 0);
    const again = await outcomes('encrypt', '-r', '.', '-o', 'in/out');
    assert.equal(Object.keys(again.results).length, Object.keys(FILES).length);
  });

  it('are encrypted without links and pipes, which are named', { skip: WINDOWS }, async () => {
    fs.symlinkSync('a.txt', at('in/link'));
    fs.symlinkSync('..', at('in/loop'));
    execFileSync('mkfifo', [at('in/pipe')]);
    const { stderr, code } = await cli('encrypt', '-r', 'in', '-o', 'out');
    assert.equal(code, 0);
    assert.match(stderr, /^ignored in\/link: a symbolic link$/m);
    assert.match(stderr, /^ignored in\/loop: a symbolic link$/m);
    assert.match(stderr, /^ignored in\/pipe: not a regular file$/m);
    assert.match(stderr, /^4 encrypted\n$/m);
    assert.equal(namesIn('out').length, 4);
    const quiet = await cli('encrypt', '-rq', 'in', '-o', 'out');
    assert.deepEqual([quiet.code, quiet.stderr, String(quiet.stdout)], [0, '', '']);
  });

  it('are refused if two of their files would go to one place', async () => {
    writeTree('in2', { 'a.txt': 'other' });
    assertFailed(await cli('encrypt', '-r', 'in', 'in2', '-o', 'out'), 2, 'INVALID_ARGUMENT');
    assert.ok(!fs.existsSync(at('out')));
  });

  it('are decrypted to the end although a file fails', async () => {
    await cli('encrypt', '-r', 'in', '-o', 'out');
    fs.writeFileSync(at('out/a.txt.encrypted'), 'no message');
    const first = await outcomes('decrypt', '-r', 'out', '-o', 'back');
    assert.equal(first.code, 3);
    assert.equal(Object.keys(first.results).length, 3);
    const both = await outcomes('decrypt', '-r', 'out', 'missing', '-o', 'back');
    assert.equal(both.code, 1, 'different reasons');
    assert.equal(both.errors.length, 2);
    assert.deepEqual(statuses(both), ['skipped']);
  });
});

describe('a second run of kms-envelope', () => {
  const skipped = { 'in/a.txt': 'skipped', 'in/empty': 'skipped' };
  const encryptTree = (...args) => outcomes('encrypt', '-r', 'in', '-o', 'out', ...args);

  it('encrypts only what is missing', async () => {
    await encryptTree();
    fs.rmSync(at('out/sub/c/d.encrypted'));
    const { code, results } = await encryptTree();
    const sub = { 'in/sub/b.bin': 'skipped', 'in/sub/c/d': 'encrypted' };
    assert.deepEqual([code, results], [0, { ...skipped, ...sub }]);
  });

  const later = new Date(Date.now() + 3_600_000);
  const spoil = {
    'was cut off': () => fs.truncateSync(at('out/sub/b.bin.encrypted'), 200_000),
    'was cut off at a frame': () => {
      const file = at('out/sub/b.bin.encrypted');
      const { size } = fs.statSync(file);
      fs.truncateSync(file, size - (300_000 % 65_536) - 36);
    },
    'is no message': () => fs.writeFileSync(at('out/sub/b.bin.encrypted'), 'no'),
    'is empty': () => fs.writeFileSync(at('out/sub/b.bin.encrypted'), ''),
    'is of a source that has grown': () => fs.appendFileSync(at('in/sub/b.bin'), 'more'),
    'is of a source that has changed': () => fs.utimesSync(at('in/sub/b.bin'), later, later),
    'is under another key': async () => {
      const other = new Envelope(newKeyId);
      const file = at('out/sub/b.bin.encrypted');
      await other.encryptFile(at('in/sub/b.bin'), file, { overwrite: true });
    },
    'has another context': async () => {
      const options = { encryptionContext: { a: 'b' }, overwrite: true };
      const file = at('out/sub/b.bin.encrypted');
      await new Envelope(keyId).encryptFile(at('in/sub/b.bin'), file, options);
    },
  };
  for (const [what, damage] of Object.entries(spoil)) {
    it(`reports a message that ${what}, and replaces it by force`, async () => {
      await encryptTree();
      await damage();
      const reported = await encryptTree();
      const others = { ...skipped, 'in/sub/c/d': 'skipped' };
      assert.deepEqual(reported, { code: 5, results: others, errors: ['FILE_EXISTS'] });
      const forced = await encryptTree('--force');
      assert.deepEqual(forced.results, { ...others, 'in/sub/b.bin': 'encrypted' });
      await cli('decrypt', 'out/sub/b.bin.encrypted', '-o', 'b.bin');
      assert.deepEqual(fs.readFileSync(at('b.bin')), fs.readFileSync(at('in/sub/b.bin')));
    });
  }

  it('reports a plaintext of another length, and replaces it by force', async () => {
    await encryptTree();
    await cli('decrypt', '-r', 'out', '-o', 'back');
    fs.truncateSync(at('back/sub/b.bin'), 65_536);
    const { code, results, errors } = await outcomes('decrypt', '-r', 'out', '-o', 'back');
    assert.deepEqual([code, errors, Object.keys(results).length], [5, ['FILE_EXISTS'], 3]);
    assert.equal((await cli('decrypt', '-rf', 'out', '-o', 'back')).code, 0);
    assert.deepEqual(missingIn('back'), []);
  });

  it('replaces the message of a single file only by force', async () => {
    await cli('encrypt', 'in/a.txt');
    const before = fs.readFileSync(at('in/a.txt.encrypted'));
    assert.match(
      (await cli('encrypt', 'in/a.txt')).stderr,
      /^skipped in.a.txt: .* is there .compared: length, context, date; --verify .*\n$/,
    );
    assert.ok(before.equals(fs.readFileSync(at('in/a.txt.encrypted'))));
    assert.match((await cli('encrypt', '--force', 'in/a.txt')).stderr, /^encrypted /);
    assert.ok(!before.equals(fs.readFileSync(at('in/a.txt.encrypted'))));
  });

  it('goes on where the first was killed', { skip: WINDOWS }, async () => {
    const many = Array.from({ length: 150 }, (_, i) => [`${i}`, crypto.randomBytes(100_000)]);
    writeTree('many', Object.fromEntries(many));
    const child = start('encrypt', '-r', 'many', '--json');
    const closed = once(child, 'close');
    let seen = '';
    child.stdout.on('data', (chunk) => {
      seen += chunk;
      if (seen.split('\n').length > 5) child.kill('SIGKILL');
    });
    await closed;
    fs.writeFileSync(at('many/.7.encrypted.Ab12Cd.tmp'), 'as a killed process leaves it');
    const { code, results } = await outcomes('encrypt', '-r', 'many');
    const count = (status) => Object.values(results).filter((found) => found === status).length;
    assert.equal(code, 0);
    assert.ok(count('skipped') >= 5 && count('encrypted') > 0, JSON.stringify(results));
    assert.equal(count('skipped') + count('encrypted'), 150);
    assert.equal(results['many/.7.encrypted.Ab12Cd.tmp'], 'ignored');
    assert.equal((await cli('decrypt', '-r', 'many', '-o', 'back')).code, 0);
    assert.deepEqual(missingIn('back', Object.fromEntries(many)), []);
  });
});

describe('kms-envelope re-encrypt', () => {
  beforeEach(() => cli('encrypt', '-r', 'in', '-o', 'out', '-c', 'tenant=acme'));
  const reEncrypt = (...args) => outcomes('re-encrypt', '--to-key', newKeyId, ...args);

  it('writes new messages beside the old ones, and skips them the next time', async () => {
    const first = await reEncrypt('-r', 'out', '-o', 'new');
    assert.deepEqual([first.code, statuses(first)], [0, ['re-encrypted']]);
    const second = await reEncrypt('-r', 'out', '-o', 'new');
    assert.deepEqual([second.code, statuses(second)], [0, ['skipped']]);
    const options = ['-o', 'back', '-k', newKeyId, '-c', 'tenant=acme'];
    const back = await cli('decrypt', '-r', 'new', ...options);
    assert.equal(back.code, 0, back.stderr);
    assert.deepEqual(missingIn('back'), []);
  });

  it('replaces the old messages only by force, and skips what it has done before', async () => {
    const gentle = await cli('re-encrypt', '--to-key', newKeyId, 'out/a.txt.encrypted');
    assertFailed(gentle, 5, 'FILE_EXISTS');
    assert.equal((await reEncrypt('--force', 'out/a.txt.encrypted')).code, 0);
    const { code, results } = await reEncrypt('--force', '-r', 'out');
    assert.equal(code, 0);
    assert.equal(results['out/a.txt.encrypted'], 'skipped');
    assert.equal(results['out/sub/c/d.encrypted'], 're-encrypted');
    assert.equal((await cli('decrypt', '-r', 'out', '-o', 'back', '-k', newKeyId)).code, 0);
    assert.deepEqual(missingIn('back'), []);
    assert.deepEqual(
      namesIn('out').filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('keeps an old message that does not verify, and reports it', async () => {
    const file = at('out/sub/b.bin.encrypted');
    const message = flip(fs.readFileSync(file), 'final tag');
    fs.writeFileSync(file, message);
    const { code, errors } = await reEncrypt('--force', '-r', 'out');
    assert.deepEqual([code, errors], [3, ['AUTHENTICATION_FAILED']]);
    assert.deepEqual(fs.readFileSync(file), message);
  });
});
