'use strict';

const os = require('node:os');

const { startBench } = require('../lib/bench-process');

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
  const { ask, stop } = await startBench('raw', { env });
  const sideOf = (request) => ({ single: true, sample: () => ask(request) });
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
    stop();
  }
}

module.exports = { withAwsLc };
