'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const { describe, it } = require('node:test');

const { Envelope } = require('../..');
const { BIN, assertFailed, jsonLines, workplace } = require('../support/cli');
const { flip } = require('../support/edits');

const WINDOWS = process.platform === 'win32';
const CONTENT = crypto.randomBytes(700_001);

const place = workplace();
const { at, cli, env, keyId, read, write } = place;

/** Runs a line of shell, in which `cli` is the command line. */
function shell(line) {
  const script = `cli() { '${process.execPath}' '${BIN}' "$@"; }; ${line}`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
    cwd: place.cwd,
    env: { ...process.env, ...env },
    maxBuffer: 4 * CONTENT.length,
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  return { code: status, stdout, stderr: stderr.toString() };
}

describe('kms-envelope, standard output', { skip: WINDOWS }, () => {
  it('that is a file holds all, or the command fails', () => {
    write('a', CONTENT);
    const whole = shell('cli encrypt < a > whole && cli decrypt < whole');
    assert.ok(whole.stdout.equals(CONTENT), whole.stderr);
    const { length } = read('whole');
    shell('cli encrypt < a >> whole');
    assert.equal(read('whole').length, 2 * length, 'appended');
    // The last write of the message begins below this limit (in blocks of 512 bytes), and ends above.
    const limit = Math.floor((length - 1000) / 512);
    const cut = shell(`trap '' XFSZ; ulimit -f ${limit}; cli encrypt < a > cut`);
    assertFailed(cut, 5, '(FILE|DISK_FULL)');
    assert.equal(read('cut').length, limit * 512);
  });

  it('that is full makes the command fail', { skip: !fs.existsSync('/dev/full') }, () => {
    write('a', CONTENT);
    assertFailed(shell('cli encrypt < a > /dev/full'), 5, 'DISK_FULL');
    assertFailed(shell('cli generate-data-key > /dev/full'), 5, 'DISK_FULL');
  });

  it('that nobody reads to the end ends quietly', async () => {
    write('a.encrypted', await new Envelope(keyId).encrypt(CONTENT));
    const commands = ['decrypt a.encrypted -o -', 'encrypt < a.encrypted', 'inspect --json a.*'];
    for (const command of commands) {
      const { stdout, stderr } = shell(`{ cli ${command}; echo "exit $?" >&2; } | head -c 1`);
      assert.equal(stdout.length, 1);
      assert.match(stderr, /^exit [05]\n$/);
    }
  });

  it('that the input is appended to is refused', () => {
    write('a', CONTENT);
    assertFailed(shell('ulimit -f 20000; cli encrypt < a >> a'), 5, 'FILE');
    assertFailed(shell('ulimit -f 20000; cli encrypt a -o - >> a'), 5, 'FILE');
    assert.ok(read('a').equals(CONTENT));
  });
});

describe('kms-envelope tells of each file', () => {
  it('by its name, once', async () => {
    const message = await new Envelope(keyId).encrypt(CONTENT);
    write('good.encrypted', message);
    write('bad.encrypted', flip(message, 'frame 1 content'));
    const names = ['good.encrypted', 'bad.encrypted', 'gone.encrypted'];
    const { code, stderr } = await cli('decrypt', ...names, '-o', 'x');
    assert.equal(code, 1);
    const errors = stderr.split('\n').filter((line) => line.startsWith('kms-envelope: '));
    assert.equal(errors.length, 2);
    const named = errors.map((line) => line.match(/'[^']*(bad|gone)\.encrypted'/g)?.length);
    assert.deepEqual(named, [1, 1], stderr);
    assert.ok(read('x/good').equals(CONTENT));
  });

  it('when it inspects, and goes on after one that is none', async () => {
    write('good.encrypted', await new Envelope(keyId).encrypt(CONTENT));
    write('bad', 'no message');
    const { code, stdout, stderr } = await cli(
      'inspect',
      '--json',
      'bad',
      'good.encrypted',
      'gone',
    );
    assert.equal(code, 1);
    assert.deepEqual(
      jsonLines(stdout).map(({ source }) => source),
      ['good.encrypted'],
    );
    assert.deepEqual(
      jsonLines(stderr).map(({ error }) => error.source),
      ['bad', 'gone'],
    );
    const inWords = await cli('inspect', 'bad', 'good.encrypted');
    assertFailed(inWords, 3, '(MALFORMED|UNSUPPORTED)_MESSAGE');
  });

  it('with --json by the code, its category and the exit code', async () => {
    write('a.encrypted', 'no message');
    const { code, stderr } = await cli('decrypt', 'a.encrypted', '--json');
    const [{ error }] = jsonLines(stderr);
    assert.deepEqual([error.category, error.exitCode, code], ['message', 3, 3]);
  });

  it('but not with --quiet', async () => {
    write('a', 'x');
    for (const format of [[], ['--json']]) {
      const { code, stdout, stderr } = await cli('encrypt', 'a', '--quiet', ...format);
      assert.deepEqual([code, String(stdout), stderr], [0, '', '']);
    }
    assert.ok(fs.existsSync(at('a.encrypted')));
  });
});
