'use strict';

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { temporaryFolder } = require('../support/files');
const { requireOrSkip } = require('../support/requirements');

const JOB = path.join(__dirname, '..', 'support', 'new-file-job.js');
/** The kernel says that it has no files without a name, so that one is to be removed by a signal. */
const WRAPPER = ['python3', path.join(__dirname, '..', 'support', 'without.py'), 'unnamed-files'];
const LINUX = process.platform === 'linux';

const folder = temporaryFolder();

describe(
  'a signal to a process that writes a file with a name',
  { skip: !LINUX && 'Linux' },
  () => {
    it('removes the file, also where the handler that the program had was removed meanwhile', async (t) => {
      const ended = await end(t, ['handle', 'begin', 'unhandle', 'untilCaught']);
      if (!ended) return;
      assert.deepEqual(summary(ended), { code: null, signal: 'SIGTERM', left: [] });
    });

    it('is left to a handler that the program added meanwhile, also after the file', async (t) => {
      const ended = await end(t, ['begin', 'handle', 'discard']);
      if (!ended) return;
      assert.deepEqual(summary(ended), { code: 7, signal: null, left: [] });
    });

    it('leaves the file alone where a handler that the program had goes on', async (t) => {
      const ended = await end(t, ['goOn', 'begin', 'handled', 'place', 'exit']);
      if (!ended) return;
      assert.deepEqual(summary(ended), { code: 0, signal: null, left: ['out'] });
    });

    it('finds nothing of a file that was given up, which is removed at once', async (t) => {
      const ended = await end(t, ['begin', 'discard']);
      if (!ended) return;
      assert.deepEqual(ended.midway, []);
      assert.equal(ended.signal, 'SIGTERM');
    });

    it('ends the process as ever once the file is in place, and leaves that', async (t) => {
      const ended = await end(t, ['begin', 'place']);
      if (!ended) return;
      assert.deepEqual(summary(ended), { code: null, signal: 'SIGTERM', left: ['out'] });
    });

    it('stays ignored where it was, and leaves the file alone', async (t) => {
      const ended = await end(t, ['begin', 'ignored', 'place']);
      if (!ended) return;
      assert.deepEqual(summary(ended), { code: null, signal: 'SIGTERM', left: ['out'] });
    });
  },
);

function summary({ code, signal, left }) {
  return { code, signal, left };
}

/** Ends a process that has taken these steps by SIGTERM; returns how it ended, and what is left. */
async function end(t, steps) {
  const [command, ...args] = WRAPPER;
  const runs = spawnSync(command, [...args, 'true']).status === 0;
  if (!requireOrSkip(t, runs, 'Python 3 on Linux, x86-64 or arm64, and seccomp')) return undefined;
  const place = path.join(fs.mkdtempSync(path.join(folder, 'place-')), 'out');
  const job = [...args, process.execPath, JOB, place, ...steps];
  const stdio = ['ignore', 'pipe', 'inherit'];
  const child = spawn(command, job, { stdio, timeout: 30_000, killSignal: 'SIGKILL' });
  const closed = once(child, 'close');
  let midway;
  child.stdout.once('data', (names) => {
    midway = JSON.parse(names);
    child.kill('SIGTERM');
  });
  const [code, signal] = await closed;
  return { midway, code, signal, left: fs.readdirSync(path.dirname(place)) };
}
