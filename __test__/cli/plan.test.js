'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { Envelope } = require('../..');
const { assertFailed, finish, jsonLines, workplace } = require('../support/cli');
const { bytesWritten } = require('../support/written');

const WINDOWS = process.platform === 'win32';

const { at, cli, keyId, read, start, write } = workplace();
const names = (folder = '.') => fs.readdirSync(at(folder), { recursive: true }).sort();
const temporary = () => names().find((name) => name.endsWith('.tmp'));
const hasBegun = (child, folder = '.') => bytesWritten(child.pid, at(folder)) > 0;

describe('kms-envelope refuses, before it does anything,', () => {
  const refused = {
    'an output folder that is the folder itself': ['encrypt', '-r', 'in', '-o', 'in'],
    'the same by another name': ['decrypt', '-r', 'in', '-o', './other/../in/'],
    'one of several folders as the output': ['encrypt', '-r', 'other', 'in', '-o', 'in'],
    'to write a file that is still to be read': ['encrypt', '-f', 'in/a', 'in/a.encrypted'],
    'a file as the output of several': ['encrypt', '-f', 'in/a', 'other/b', '-o', 'in/a.encrypted'],
    '--recursive without a folder': ['encrypt', '--recursive'],
    'standard input among files': ['encrypt', 'in/a', '-', '-o', 'out'],
    'standard input twice': ['encrypt', '-', '-'],
    'an unknown policy': ['decrypt', 'in/a.encrypted', '--commitment-policy', 'none'],
  };
  for (const [what, args] of Object.entries(refused)) {
    it(what, async () => {
      write('in/a', 'a');
      write('other/b', 'b');
      write('in/a.encrypted', await new Envelope(keyId).encrypt('a'));
      const before = names();
      assertFailed(await cli(...args), 2, 'INVALID_ARGUMENT');
      assert.deepEqual(names(), before);
      assert.equal(String(read('in/a')), 'a');
    });
  }

  it('an unknown policy, and says which policies there are', async () => {
    const { stderr } = await cli('encrypt', 'x', '--commitment-policy', 'none');
    assert.match(stderr, /: --commitment-policy must be one of: requireEncryptRequireDecrypt, /);
  });
});

describe('folders on the command line', () => {
  it('are encrypted without the output folder, by whatever name', { skip: WINDOWS }, async () => {
    write('in/a', 'a');
    fs.mkdirSync(at('in/out'));
    fs.symlinkSync('in/out', at('alias'));
    for (let i = 0; i < 2; i++) {
      assert.equal((await cli('encrypt', '-r', 'in', '-o', 'alias')).code, 0);
    }
    assert.deepEqual(names('in'), ['a', 'out', 'out/a.encrypted']);
  });

  it(
    'are encrypted to the end although a folder and a file cannot be read',
    { skip: WINDOWS },
    async (t) => {
      for (const name of ['in/a', 'in/closed/b', 'in/secret', 'in/z']) write(name, 'x');
      fs.chmodSync(at('in/closed'), 0);
      fs.chmodSync(at('in/secret'), 0);
      // Nothing is closed to root.
      if (process.getuid() === 0) return t.skip('runs as root');
      const { code, stdout, stderr } = await cli('encrypt', '-r', 'in', '-o', 'out', '--json');
      fs.chmodSync(at('in/closed'), 0o700);
      assert.equal(code, 5);
      assert.deepEqual(
        jsonLines(stdout)
          .map(({ source }) => source)
          .sort(),
        ['in/a', 'in/z'],
      );
      const failed = jsonLines(stderr).map(({ error }) => error.source);
      assert.deepEqual(failed.sort(), ['in/closed', 'in/secret']);
    },
  );

  it('leave nothing half-written when interrupted, and resume', { skip: WINDOWS }, async () => {
    const files = Array.from({ length: 60 }, (_, i) => `in/${i}`);
    for (const name of files) write(name, Buffer.alloc(3_000_000));
    const child = start('encrypt', '-r', 'in', '-o', 'out', '--quiet');
    const finished = finish(child);
    while (!fs.existsSync(at('out')) || names('out').length < 5) await sleep(5);
    child.kill('SIGTERM');
    assertFailed(await finished, 143, 'ABORTED');
    assert.equal(temporary(), undefined);
    const done = names('out').length;
    assert.ok(done < files.length, 'some are left to do');
    const { code, stdout } = await cli('encrypt', '-r', 'in', '-o', 'out', '--json');
    const skipped = jsonLines(stdout).filter(({ status }) => status === 'skipped');
    assert.deepEqual([code, skipped.length, names('out').length], [0, done, files.length]);
  });
});

describe('a file that is written to while kms-envelope reads it', () => {
  function large(name) {
    write(name, '');
    fs.truncateSync(at(name), 256 * 1024 ** 2);
    return at(name);
  }

  it('is reported, and its message is not taken for complete the next time', async () => {
    large('log');
    const child = start('encrypt', 'log', '-o', 'out/');
    const finished = finish(child);
    while (!hasBegun(child, 'out')) await sleep(1);
    const past = new Date(Date.now() - 60_000);
    fs.utimesSync(at('log'), past, past);
    const failed = await finished;
    assertFailed(failed, 5, 'FILE');
    assert.match(failed.stderr, /'log' was changed while it was read/);
    assertFailed(await cli('encrypt', 'log', '-o', 'out/'), 5, 'FILE_EXISTS');
  });

  it('is not replaced by what it was before, re-encrypted', async () => {
    await new Envelope(keyId).encryptFile(large('plain'), at('log'));
    const newer = await new Envelope(keyId).encrypt('newer');
    write('newer', newer);
    const child = start('re-encrypt', '--to-key', keyId, '--force', 'log');
    const finished = finish(child);
    while (!hasBegun(child)) await sleep(1);
    fs.renameSync(at('newer'), at('log'));
    assertFailed(await finished, 5, 'FILE');
    assert.deepEqual([read('log'), temporary()], [newer, undefined]);
  });
});
