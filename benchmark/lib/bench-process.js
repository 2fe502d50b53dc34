'use strict';

const { spawn } = require('node:child_process');
const readline = require('node:readline');

const { run } = require('./child');
const { ROOT } = require('../../scripts/prepare');

/**
 * Starts a program of `benches/` that answers each line of its standard input with the nanoseconds that
 * what the line asks for took. Its times are its own, so that it can be measured in turn with others.
 *
 * @param {string} name
 * @param {{ args?: string[], env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ ask(request: string): Promise<number>, stop(): void }>}
 */
async function startBench(name, { args = [], env = process.env } = {}) {
  const child = spawn(await build(name), args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(request) {
      child.stdin.write(`${request}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the process of benches/${name}.rs has ended`);
      return Number(value);
    },
    stop: () => child.stdin.end(),
  };
}

/** Returns the path of the program. */
async function build(name) {
  const options = ['--locked', '--no-default-features', '--features', 'aws-lc', '--bench', name];
  const args = ['bench', '--no-run', '--message-format', 'json', ...options];
  const { stdout } = await run('cargo', args, { cwd: ROOT, maxBuffer: 2 ** 26 });
  const messages = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return messages.find(({ executable, target }) => executable && target.name === name).executable;
}

module.exports = { startBench };
