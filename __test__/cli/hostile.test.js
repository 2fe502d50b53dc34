'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { beforeEach, describe, it } = require('node:test');

const { Envelope, LocalKeyring } = require('../..');
const { BIN, assertFailed, jsonLines, workplace } = require('../support/cli');
const { flip } = require('../support/edits');

const POSIX = { skip: process.platform === 'win32' && 'POSIX files' };
const OLD = Buffer.from('the content of May');
const OTHER = Buffer.from('the content of Jun');

const place = workplace();
const { at, cli, keyId, read, root, write } = place;
LocalKeyring.generate(path.join(root, 'new.key'));
const newKeyId = `local:${path.join(root, 'new.key')}`;

/** Runs a line of shell, in which `cli` is the command line. */
function shell(line) {
  const script = `cli() { '${process.execPath}' '${BIN}' "$@"; }; ${line}`;
  const options = { cwd: place.cwd, env: { ...process.env, ...place.env }, timeout: 60_000 };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], options);
  return { code: status, stdout, stderr: String(stderr) };
}

describe('kms-envelope --verify', () => {
  const message = (content, key = keyId) => new Envelope(key).encrypt(content);
  const later = (name) => fs.utimesSync(at(name), new Date(), new Date(Date.now() + 60_000));
  const cases = {
    'a plaintext of another content': {
      files: async () => ({ 'a.encrypted': await message(OLD), a: OTHER }),
      args: ['decrypt', 'a.encrypted'],
      destination: 'a',
    },
    'a message of another content': {
      files: async () => ({ a: OLD, 'a.encrypted': await message(OTHER) }),
      args: ['encrypt', 'a'],
      destination: 'a.encrypted',
    },
    'a re-encrypted message of another content': {
      files: async () => ({
        'a.encrypted': await message(OLD),
        'b.encrypted': await message(OTHER, newKeyId),
      }),
      args: ['re-encrypt', 'a.encrypted', '-o', 'b.encrypted', '--to-key', newKeyId],
      destination: 'b.encrypted',
    },
  };
  for (const [what, { files, args, destination }] of Object.entries(cases)) {
    it(`does not skip ${what}, and without it the output says what was compared`, async () => {
      for (const [name, content] of Object.entries(await files())) write(name, content);
      later(destination);
      const { code, stderr } = await cli(...args);
      assert.equal(code, 0);
      assert.match(
        stderr,
        /^skipped .* \(compared: .*length.*date; --verify compares the content\)/,
      );
      const failed = await cli(...args, '--verify');
      assertFailed(failed, 5, 'FILE_EXISTS');
      assert.match(failed.stderr, /has another content/);
      assert.equal((await cli(...args, '--verify', '--force')).code, 0);
      const again = await cli(...args, '--verify', '--json');
      const [{ status, compared }] = jsonLines(again.stdout);
      assert.deepEqual([again.code, status, compared], [0, 'skipped', ['content']]);
    });
  }

  it('tells of a signed message, which has no length before it is decrypted', async () => {
    const algorithmSuite = 'AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384';
    const keyring = new LocalKeyring(keyId.slice('local:'.length));
    write('a.encrypted', await new Envelope({ keyring, algorithmSuite }).encrypt(OLD));
    write('a', OLD);
    assertFailed(await cli('decrypt', 'a.encrypted'), 5, 'FILE_EXISTS');
    assert.equal((await cli('decrypt', 'a.encrypted', '--verify')).code, 0);
    write('a', OTHER);
    assertFailed(await cli('decrypt', 'a.encrypted', '--verify'), 5, 'FILE_EXISTS');
  });

  it('fails where a message under the new key does not verify', async () => {
    write('a.encrypted', flip(await message(Buffer.alloc(200_000), newKeyId), 'frame 2 content'));
    const args = ['re-encrypt', '-f', 'a.encrypted', '--to-key', newKeyId];
    assert.match((await cli(...args)).stderr, /^skipped .* \(compared: key; --verify/);
    assertFailed(await cli(...args, '--verify'), 3, 'AUTHENTICATION_FAILED');
  });
});

describe('a symbolic link in the tree that is written', POSIX, () => {
  beforeEach(async () => {
    write('in/sub/a', 'a');
    write('in/b', 'b');
    fs.mkdirSync(at('elsewhere'));
    fs.mkdirSync(at('out/inside'), { recursive: true });
  });

  for (const command of ['encrypt', 'decrypt', 're-encrypt']) {
    it(`is not followed out of it by ${command}, and the others go on`, async () => {
      if (command !== 'encrypt') {
        await cli('encrypt', '-r', 'in');
        for (const name of ['in/sub/a', 'in/b']) fs.rmSync(at(name));
      }
      const more = command === 're-encrypt' ? ['--to-key', newKeyId] : [];
      for (const target of ['../elsewhere', at('elsewhere'), '../nowhere']) {
        fs.symlinkSync(target, at('out/sub'));
        const failed = await cli(command, '-rqf', 'in', '-o', 'out', ...more);
        assertFailed(failed, 5, 'FILE');
        assert.match(failed.stderr, /leads out of 'out', by the symbolic link 'out\/sub'/);
        fs.rmSync(at('out/sub'));
      }
      assert.deepEqual(fs.readdirSync(at('elsewhere')), []);
      assert.ok(!fs.existsSync(at('nowhere')));
      assert.ok(fs.readdirSync(at('out')).some((name) => name.startsWith('b')));
    });
  }

  it('is followed inside of it, and so is the folder that is named itself', async () => {
    fs.symlinkSync('inside', at('out/sub'));
    fs.symlinkSync('out', at('alias'));
    assert.equal((await cli('encrypt', '-r', 'in', '-o', 'alias')).code, 0);
    assert.ok(fs.existsSync(at('out/inside/a.encrypted')));
  });
});

describe('names that are not harmless text', POSIX, () => {
  const HOSTILE = 'a\u009b31m\u0085\u202e\u2066\u200b\u{e0041}\ufeffb';

  it('change no terminal, and come back whole from --json', async () => {
    write(HOSTILE, 'x');
    const runs = [
      await cli('encrypt', HOSTILE, '--json'),
      await cli('encrypt', HOSTILE),
      await cli('inspect', '--json', `${HOSTILE}.encrypted`),
      await cli('inspect', `${HOSTILE}.encrypted`),
      await cli('decrypt', '--json', `${HOSTILE}!`),
      await cli('decrypt', `${HOSTILE}!`),
      await cli('keygen', '--json', `${HOSTILE}.key`),
    ];
    for (const { stdout, stderr } of runs) {
      assert.doesNotMatch(`${stdout}${stderr}`, /[^\P{C}\n]|[\u2028\u2029]/u);
    }
    assert.equal(jsonLines(runs[0].stdout)[0].source, HOSTILE);
    assert.equal(jsonLines(runs[2].stdout)[0].source, `${HOSTILE}.encrypted`);
    assert.equal(jsonLines(runs[6].stdout)[0].path, `${HOSTILE}.key`);
  });

  const LATIN_1 = Buffer.from('caf\u00e9', 'latin1');
  const bytes = (name) => Buffer.concat([Buffer.from(`${at(name)}/`), LATIN_1]);

  it('in folders fail by name if they are not UTF-8, and the others go on', async (t) => {
    write('in/a', 'a');
    fs.mkdirSync(at('in/folder'));
    try {
      fs.writeFileSync(bytes('in'), 'x');
      fs.mkdirSync(bytes('in/folder'));
    } catch {
      return t.skip('the file system takes no such name');
    }
    const { code, stdout, stderr } = await cli('encrypt', '-r', 'in', '-o', 'out', '--json');
    assert.equal(code, 5);
    const sources = jsonLines(stdout).map(({ source }) => source);
    assert.deepEqual(sources, ['in/a']);
    const failed = jsonLines(stderr).map(({ error }) => [error.source, error.message]);
    assert.equal(failed.length, 2);
    for (const [source, message] of failed) {
      assert.match(source, /^in\/(folder\/)?caf\ufffd$/);
      assert.match(message, /is not UTF-8; rename it/);
    }
  });

  it('that are not UTF-8 fail by themselves, and the error says why', () => {
    const failed = shell(`printf x > "$(printf 'caf\\351')"; cli encrypt "$(printf 'caf\\351')"`);
    assertFailed(failed, 5, 'FILE_NOT_FOUND');
    assert.match(failed.stderr, /if its name is not UTF-8, rename it/);
  });
});

describe('a standard descriptor that is closed', POSIX, () => {
  for (const line of [
    'cli encrypt <&-',
    'cli encrypt -o out <&-',
    'cli decrypt <&-',
    `cli re-encrypt --to-key '${newKeyId}' <&-`,
    'cli inspect <&-',
    'echo x | cli encrypt >&-',
    'cli decrypt a.encrypted -o - >&-',
    'cli generate-data-key >&-',
    'cli encrypt 0> write-only',
    'cli encrypt < .',
  ]) {
    it(`is an error: ${line.replace(/local:[^']*/, 'KEY')}`, async () => {
      write('a.encrypted', await new Envelope(keyId).encrypt('a'));
      const { code, stdout, stderr } = shell(line);
      assertFailed({ code, stderr }, 5, 'FILE');
      assert.equal(stdout.length, 0);
      assert.ok(!fs.existsSync(at('out')));
    });
  }

  it('is not /dev/null, which is empty, or discards', () => {
    write('a', 'a');
    assert.equal(shell('cli encrypt < /dev/null | cli decrypt').code, 0);
    assert.equal(shell('cli encrypt < a > /dev/null').code, 0);
    assert.equal(shell('cli encrypt a --json > /dev/null').code, 0);
    assert.ok(read('a.encrypted').length > 0);
  });
});
