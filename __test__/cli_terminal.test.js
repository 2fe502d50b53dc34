'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { beforeEach, describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { LocalKeyring } = require('..');
const { BIN, assertFailed, finish, start } = require('./support/cli');
const { temporaryFolder } = require('./support/files');
const { requireOrSkip } = require('./support/requirements');

const WINDOWS = process.platform === 'win32';

const root = temporaryFolder();
LocalKeyring.generate(path.join(root, 'dev.key'));
const env = { ENCRYPTION_KEY_ID: `local:${path.join(root, 'dev.key')}` };
let cwd;
const at = (name) => path.join(cwd, name);

beforeEach(() => {
  cwd = fs.mkdtempSync(path.join(root, 'test-'));
});

describe('kms-envelope, interrupted', { skip: WINDOWS }, () => {
  const temporary = () => fs.readdirSync(cwd).find((name) => name.endsWith('.tmp'));

  async function interrupt(child, ready) {
    const finished = finish(child);
    while (!ready()) await sleep(10);
    child.kill('SIGINT');
    assertFailed(await finished, 130, 'ABORTED');
    assert.deepEqual(fs.readdirSync(cwd).filter((name) => /encrypted|tmp/.test(name)), []);
  }

  it('leaves nothing of a file', async () => {
    fs.writeFileSync(at('sparse'), '');
    fs.truncateSync(at('sparse'), 6 * 1024 ** 3);
    await interrupt(start(['encrypt', 'sparse'], { cwd, env }), temporary);
    fs.rmSync(at('sparse'));
  });

  it('leaves nothing of a pipe', async () => {
    const child = start(['encrypt', '-o', 'piped.encrypted'], { cwd, env });
    child.stdin.write(Buffer.alloc(1_000_000));
    await interrupt(child, temporary);
  });

  it('ends while nobody takes its output', async () => {
    fs.writeFileSync(at('zeros'), Buffer.alloc(20_000_000));
    const child = start(['encrypt', '-o', '-', 'zeros'], { cwd, env });
    await once(child.stdout, 'readable');
    await sleep(100);
    child.kill('SIGINT');
    assertFailed(await finish(child), 130, 'ABORTED');
  });
});

describe('the progress bar', { skip: WINDOWS }, () => {
  const script = spawnSync('script', ['--version'], { encoding: 'utf8' });
  const utilLinux = /util-linux/.test(script.stdout ?? '');

  /** Runs a line of shell on a pseudo-terminal; what it showed. */
  function onTerminal(line) {
    const shown = spawnSync('script', ['-qec', line, '/dev/null'], {
      cwd,
      env: { ...process.env, ...env, TERM: 'xterm' },
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(shown.status, 0, shown.stdout);
    return shown.stdout;
  }

  it('shows on a terminal how far long work is', (t) => {
    if (!requireOrSkip(t, utilLinux, 'script of util-linux')) return;
    fs.writeFileSync(at('sparse'), '');
    fs.truncateSync(at('sparse'), 1024 ** 3);
    fs.writeFileSync(at('small'), 'x');
    const shown = onTerminal(`'${process.execPath}' '${BIN}' encrypt sparse small`);
    assert.match(shown, /=-* +\d+%  [\d.]+ [MG]iB of 1\.0 GiB  (\d\d:\d\d|\.\.\.) left  sparse/);
    assert.match(shown, /encrypted sparse -> sparse\.encrypted/);
    assert.match(shown, /2 encrypted\r\n$/);
    fs.rmSync(at('sparse.encrypted'));
    const quiet = onTerminal(`'${process.execPath}' '${BIN}' encrypt --quiet sparse`);
    assert.equal(quiet, '');
    fs.rmSync(at('sparse.encrypted'));
  });

  it('shows how much has come through a pipe', (t) => {
    if (!requireOrSkip(t, utilLinux, 'script of util-linux')) return;
    const producer = '(head -c 2097152 /dev/zero; sleep 1; head -c 1 /dev/zero)';
    const shown = onTerminal(`${producer} | '${process.execPath}' '${BIN}' encrypt > out`);
    assert.match(shown, /2\.0 MiB  \d\d:\d\d  standard input/);
  });

  it('is not even loaded elsewhere', async () => {
    const probe = at('probe.js');
    const loaded = at('loaded.json');
    fs.writeFileSync(
      probe,
      `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(loaded)},
        JSON.stringify(Object.keys(require.cache))));`,
    );
    const child = start(['encrypt', '-o', 'out'], {
      cwd,
      env: { ...env, NODE_OPTIONS: `--require=${probe}` },
    });
    child.stdin.write('x');
    setTimeout(() => child.stdin.end(), 800);
    assert.equal((await finish(child)).code, 0);
    const files = JSON.parse(fs.readFileSync(loaded, 'utf8'));
    assert.ok(files.some((file) => file.endsWith('progress.js')));
    assert.deepEqual(files.filter((file) => file.includes('cli-progress')), []);
  });
});
