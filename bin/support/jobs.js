'use strict';

const fs = require('node:fs/promises');
const path = require('node:path');

const { notAFile, refuseOutside } = require('./place.js');
const { changeDetector } = require('./completeness.js');
const { Failure, commonExitCode, concernsOneFile, exitCodeOf } = require('./errors.js');

/** @typedef {import('./plan.js').Job} Job */

/** Several at a time, as most of the time of a small file is spent waiting for KMS. */
const WORKERS = 4;

/**
 * Works on all files; one that fails does not stop the others, unless they would fail alike.
 *
 * @param {import('../commands').Invocation} invocation
 * @param {import('./plan.js').Plan} plan
 * @param {import('./transfer.js').Operation} operation
 * @returns {Promise<number>} the exit code
 */
async function runJobs({ values, reporter, signal }, { jobs, failures }, operation) {
  const total = jobs.reduce((sum, job) => sum + job.size, 0);
  const progress = reporter.progress({ total });
  const counts = new Map();
  const exits = new Set();
  /** @type {Map<string, Promise<unknown>>} */
  const folders = new Map();
  const queue = jobs.values();
  let stopped = false;

  for (const { source, error } of failures) fail(error, { source });
  try {
    await Promise.all(Array.from({ length: WORKERS }, work));
  } finally {
    progress.stop();
  }
  signal.throwIfAborted();
  await summarise();
  return commonExitCode(exits);

  async function work() {
    for (const job of queue) {
      await runJob(job).catch((error) => signal.aborted || fail(error, job));
      if (stopped || signal.aborted) return;
    }
  }

  /** @param {Job} job */
  async function runJob(job) {
    const { source, destination, size } = job;
    await refuseOutside(job);
    const { skip, overwrite } = await decide(job);
    if (skip) {
      progress.add(size, source);
      return skipped(job);
    }
    if (job.makeFolder) await makeFolder(path.dirname(destination));
    let known = 0;
    const onProgress = (/** @type {import('../..').Progress} */ { bytesDone }) => {
      progress.add(bytesDone - known, source);
      known = bytesDone;
    };
    const options = { overwrite, signal, onProgress };
    const result = await convert(job, options);
    const place = source === destination ? source : `${source} -> ${destination}`;
    await tell(operation.past, job, result, `${operation.past} ${place}`);
  }

  /** Makes a folder once for all the files that go there. */
  function makeFolder(/** @type {string} */ folder) {
    const made = folders.get(folder) ?? fs.mkdir(folder, { recursive: true });
    folders.set(folder, made);
    return made;
  }

  /**
   * @param {Job} job
   * @param {import('./transfer.js').ConvertOptions} options
   */
  async function convert({ source, destination }, options) {
    if (source === destination) return operation.convert(source, destination, options);
    const checkUnchanged = await changeDetector(source);
    const result = await operation.convert(source, destination, options);
    await checkUnchanged().catch(async (error) => {
      // It may hold some of each; being older, it is not taken for complete the next time.
      await fs.utimes(destination, 0, 0);
      throw error;
    });
    return result;
  }

  /**
   * Returns what to do about a destination that exists. Only one that was checked is left as it is.
   *
   * @param {Job} job
   */
  async function decide(job) {
    const { source, destination, named } = job;
    const stat = await fs.lstat(destination).catch(() => undefined);
    if (!stat) return { skip: false, overwrite: false };
    // What is replaced by itself must be looked at, or a second run would find it changed.
    if (values.force && named && source !== destination) return { skip: false, overwrite: true };
    if (!stat.isFile()) throw notAFile(destination);
    const problem = await operation.problemWith(job, signal);
    if (problem === undefined) return { skip: true, overwrite: false };
    if (values.force) return { skip: false, overwrite: true };
    const advice = 'give --force to replace it, or choose another --output';
    throw new Failure('FILE_EXISTS', `'${destination}' exists already, and ${problem}; ${advice}`);
  }

  /** Says what was compared, and what was not. */
  async function skipped(/** @type {Job} */ job) {
    const { source, destination } = job;
    const ofPair = source === destination ? ['key'] : operation.compared;
    const compared = values.verify ? ['content'] : ofPair;
    const advice = values.verify ? '' : '; --verify compares the content';
    const text = `${destination} is there (compared: ${compared.join(', ')}${advice})`;
    await tell('skipped', job, { compared }, `skipped ${source}: ${text}`);
  }

  /**
   * @param {unknown} error
   * @param {{ source: string, destination?: string }} place
   */
  function fail(error, { source, destination }) {
    reporter.failure(error, { source, destination });
    count('failed');
    exits.add(exitCodeOf(error));
    if (!concernsOneFile(error) || operation.failsAlike?.(error)) stopped = true;
  }

  /**
   * @param {string} status
   * @param {Job} job
   * @param {object} result
   * @param {string} text
   */
  async function tell(status, { source, destination }, result, text) {
    count(status);
    await reporter.result({ status, source, destination, ...result }, text);
  }

  /** @param {string} status */
  function count(status) {
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }

  async function summarise() {
    const reached = [...counts.values()].reduce((sum, number) => sum + number, 0);
    const left = jobs.length + failures.length - reached;
    if (left > 0) counts.set('not reached', left);
    if (reached + left < 2 || reporter.json) return;
    const text = [...counts].map(([status, number]) => `${number} ${status}`).join(', ');
    await reporter.result({ status: 'summary', source: '' }, text);
  }
}

module.exports = { runJobs };
