'use strict';

const { spawn } = require('node:child_process');
const os = require('node:os');
const readline = require('node:readline');

const { run } = require('../lib/child');
const { ROOT } = require('../../scripts/prepare');

/**
 * AWS-LC in Rust, sealing and opening the same bytes in frames, in a process beside this one: its
 * times are its own, so that both can be measured in turn.
 *
 * @template T
 * @param {(sidesOf: (operation: string, length: number) => Record<string, import('../lib/rounds').Side>) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withAwsLc(work) {
  // With huge pages, which the allocator of C asks for if it is told to.
  const env = { ...process.env, GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };
  const child = spawn(await build(), { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const sideOf = (request) => ({
    single: true,
    async sample() {
      child.stdin.write(`${request}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('the process that measures AWS-LC has ended');
      return Number(value);
    },
  });
  try {
    return await work((operation, length) => {
      const verb = { encrypt: 'seal', decrypt: 'open' }[operation];
      const cores = os.availableParallelism();
      return {
        'aws-lc-rs, all cores, a new buffer': sideOf(`${verb} ${length} ${cores} fresh`),
        'aws-lc-rs, all cores, a used buffer': sideOf(`${verb} ${length} ${cores} used`),
        'aws-lc-rs, one core, a used buffer': sideOf(`${verb} ${length} 1 used`),
      };
    });
  } finally {
    child.stdin.end();
  }
}

async function build() {
  const options = ['--locked', '--no-default-features', '--features', 'aws-lc', '--bench', 'raw'];
  const args = ['bench', '--no-run', '--message-format', 'json', ...options];
  const { stdout } = await run('cargo', args, { cwd: ROOT, maxBuffer: 2 ** 26 });
  const messages = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return messages.find(({ executable, target }) => executable && target.name === 'raw').executable;
}

module.exports = { withAwsLc };
