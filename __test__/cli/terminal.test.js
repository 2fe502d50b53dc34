'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const { describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { assertFailed, finish, workplace } = require('../support/cli');
const { requireOrSkip } = require('../support/requirements');
const { commandLine, hasPseudoTerminal, onTerminal } = require('../support/terminal');
const { bytesWritten } = require('../support/written');

const WINDOWS = process.platform === 'win32';

const place = workplace();
const { at, env, start } = place;

describe('kms-envelope that is interrupted', { skip: WINDOWS }, () => {
  const hasBegun = (child) => bytesWritten(child.pid, place.cwd) > 0;

  /** Interrupts a run once it writes; how it ended. */
  async function interrupt(child) {
    const finished = finish(child);
    while (!hasBegun(child)) await sleep(10);
    child.kill('SIGINT');
    return finished;
  }

  it('leaves nothing of a message that is written from a file', async () => {
    fs.writeFileSync(at('sparse'), '');
    fs.truncateSync(at('sparse'), 6 * 1024 ** 3);
    assertFailed(await interrupt(start('encrypt', 'sparse')), 130, 'ABORTED');
    assert.deepEqual(fs.readdirSync(place.cwd), ['sparse']);
    fs.rmSync(at('sparse'));
  });

  it('leaves nothing of a message that is written from a pipe', async () => {
    const child = start('encrypt', '-o', 'piped.encrypted');
    // More than what is gathered before it is written.
    child.stdin.write(Buffer.alloc(3_000_000));
    assertFailed(await interrupt(child), 130, 'ABORTED');
    assert.deepEqual(fs.readdirSync(place.cwd), []);
  });

  it('ends while nobody takes its output', async () => {
    fs.writeFileSync(at('zeros'), Buffer.alloc(20_000_000));
    const child = start('encrypt', '-o', '-', 'zeros');
    await once(child.stdout, 'readable');
    await sleep(100);
    child.kill('SIGINT');
    assertFailed(await finish(child), 130, 'ABORTED');
  });
});

describe('the progress bar', { skip: WINDOWS }, () => {
  /** Runs a line of shell to a good end; returns what the terminal showed. */
  async function shownBy(line) {
    const { code, shown } = await onTerminal(place, line);
    assert.equal(code, 0, shown);
    return shown;
  }

  it('shows on a terminal how far long work is', async (t) => {
    if (!requireOrSkip(t, hasPseudoTerminal(), 'script of util-linux')) return;
    const name = 'red\u001b[31m';
    fs.writeFileSync(at(name), '');
    fs.truncateSync(at(name), 1024 ** 3);
    fs.writeFileSync(at('small'), 'x');
    const shown = await shownBy(commandLine(['encrypt', name, 'small']));
    assert.match(
      shown,
      /=-* +\d+% {2}[\d.]+ [MG]iB of 1\.0 GiB {2}(\d\d:\d\d|\.\.\.) left {2}red\\u001b\[31m/,
    );
    assert.match(shown, /encrypted red\\u001b\[31m -> red/);
    assert.match(shown, /2 encrypted\r\n$/);
    assert.ok(!shown.includes('\u001b[31m'), 'the name does not colour the terminal');
    fs.rmSync(at(`${name}.encrypted`));
    const quiet = await shownBy(commandLine(['encrypt', '--quiet', name]));
    assert.equal(quiet, '');
    fs.rmSync(at(`${name}.encrypted`));
  });

  it('shows how much has come through a pipe', async (t) => {
    if (!requireOrSkip(t, hasPseudoTerminal(), 'script of util-linux')) return;
    const producer = '(head -c 2097152 /dev/zero; sleep 1; head -c 1 /dev/zero)';
    const shown = await shownBy(`${producer} | ${commandLine(['encrypt'])} > out`);
    assert.match(shown, /2\.0 MiB {2}\d\d:\d\d {2}standard input/);
  });

  it('is not even loaded where there is no terminal', async () => {
    const probe = at('probe.js');
    const loaded = at('loaded.json');
    fs.writeFileSync(
      probe,
      `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(loaded)},
        JSON.stringify(Object.keys(require.cache))));`,
    );
    env.NODE_OPTIONS = `--require=${probe}`;
    const child = start('encrypt', '-o', 'out');
    delete env.NODE_OPTIONS;
    child.stdin.write('x');
    setTimeout(() => child.stdin.end(), 800);
    assert.equal((await finish(child)).code, 0);
    const files = JSON.parse(fs.readFileSync(loaded, 'utf8'));
    assert.ok(files.some((file) => file.endsWith('progress.js')));
    assert.deepEqual(
      files.filter((file) => file.includes('cli-progress')),
      [],
    );
  });
});
