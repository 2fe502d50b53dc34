'use strict';

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const run = promisify(execFile);

/**
 * Runs a script of `jobs/` in a process of its own, with this Node.js; what it printed, as JSON.
 *
 * @param {string} script
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 */
async function runJob(script, args, { env } = {}) {
  const file = path.join(__dirname, '..', 'jobs', script);
  const { stdout } = await run(process.execPath, [file, ...args], {
    env: { ...process.env, ...env },
  });
  return JSON.parse(stdout);
}

/**
 * Returns a side that runs a job in a process of its own, and takes the time that the job itself tells.
 */
function jobSide(script, args, { prepare }) {
  return {
    single: true,
    async sample() {
      prepare();
      const { elapsed } = await runJob(script, args);
      return elapsed;
    },
  };
}

module.exports = { jobSide, run, runJob };
