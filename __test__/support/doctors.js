'use strict';

// Runs `doctor` as often as a table has rows, in the threads of one process: each has variables of its
// own, and starts much sooner than a process.
const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { Worker } = require('node:worker_threads');

const BIN = path.join(__dirname, '..', '..', 'bin', 'kms-envelope.js');

/** Starts the process; `examine` returns what doctor tells, and the code that it ends with. */
function startDoctors() {
  // Its standard output is no file, which the command line would write to past the thread.
  const child = fork(__filename, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const waiting = new Map();
  child.on('message', ({ id, code, stdout }) => waiting.get(id)({ code, stdout }));
  return {
    /**
     * @param {string} key
     * @param {Record<string, string>} env
     * @param {string} [preload] a file that runs first
     * @returns {Promise<{ code: number, checks: any[] }>}
     */
    async examine(key, env, preload) {
      const { code, stdout } = await new Promise((resolve) => {
        const id = waiting.size;
        waiting.set(id, resolve);
        child.send({ id, key, env, preload });
      });
      return { code, ...JSON.parse(stdout) };
    },
    stop: () => child.disconnect(),
  };
}

async function examine({ id, key, env, preload }) {
  const argv = ['doctor', '--json', '--key', key];
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(AWS|ENCRYPTION)_/.test(name),
  );
  const worker = new Worker(BIN, {
    argv,
    execArgv: preload ? ['-r', preload] : [],
    env: { ...Object.fromEntries(inherited), ...env },
    stdout: true,
  });
  const chunks = [];
  worker.stdout.on('data', (chunk) => chunks.push(chunk));
  const [[code]] = await Promise.all([once(worker, 'exit'), once(worker.stdout, 'end')]);
  process.send({ id, code, stdout: String(Buffer.concat(chunks)) });
}

if (require.main === module) process.on('message', examine);

module.exports = { startDoctors };
