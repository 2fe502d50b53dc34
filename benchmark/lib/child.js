'use strict';

const { execFile, fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { promisify } = require('node:util');

const JOBS = path.join(__dirname, '..', 'jobs');
const run = promisify(execFile);

/**
 * Runs a script of `jobs/` in a process of its own, with this Node.js; what it printed, as JSON.
 *
 * @param {string} script
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 */
async function runJob(script, args, { env } = {}) {
  const { stdout } = await run(process.execPath, [path.join(JOBS, script), ...args], {
    env: { ...process.env, ...env },
  });
  return JSON.parse(stdout);
}

/**
 * Starts a script of `jobs/` that stays, in a process of its own, and waits for its first message.
 *
 * @param {string} script
 * @param {string[]} args
 * @returns {Promise<{ told: any, ask(question: object): Promise<any>, stop(): void }>}
 *   `told`: that message; `ask` sends another, and returns the answer
 */
async function startJob(script, args) {
  const child = fork(path.join(JOBS, script), args, { execArgv: ['--expose-gc'] });
  const failed = once(child, 'exit').then(() => {
    throw new Error(`the process of ${[script, ...args].join(' ')} has ended`);
  });
  failed.catch(() => {});
  const next = async () => (await Promise.race([once(child, 'message'), failed]))[0];
  return {
    told: await next(),
    ask(question) {
      const answer = next();
      child.send(question);
      return answer;
    },
    stop: () => child.disconnect(),
  };
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

module.exports = { jobSide, run, runJob, startJob };
