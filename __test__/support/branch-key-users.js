'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const readline = require('node:readline');

const { nodeBinary } = require('./nodes');

const PROGRAM = path.join(__dirname, 'branch-key-user.mjs');

/**
 * Starts a process with a store of branch keys over a database. Its functions are those of a
 * `BranchKeyStore`; they reject with the code of what failed, or with `killed`.
 *
 * @param {'postgresql' | 'sqlite'} kind
 * @param {string} place the URL, or the file
 * @param {{ kmsKeyId: string, env: Record<string, string> }} options
 */
function branchKeyUser(kind, place, { kmsKeyId, env }) {
  const args = ['--no-warnings', PROGRAM, kind, place, kmsKeyId];
  const child = spawn(nodeBinary(24), args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {});
  const exited = once(child, 'exit');
  /** @type {Map<number, (answer: any) => void>} */
  const waiting = new Map();
  readline.createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line);
    waiting.get(answer.id)(answer);
  });
  exited.then(() => waiting.forEach((answer) => answer({ code: 'killed' })));
  let last = 0;

  async function ask(operation, ...args) {
    const id = ++last;
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    child.stdin.write(`${JSON.stringify({ id, operation, args })}\n`);
    const { value, code, message } = await answered;
    waiting.delete(id);
    if (code !== undefined) throw Object.assign(new Error(message ?? code), { code });
    return value;
  }

  return {
    ask,
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}

module.exports = { branchKeyUser };
