'use strict';

const fs = require('node:fs/promises');
const path = require('node:path');

const { usage } = require('./errors.js');
const { isFolder, walk } = require('./walk.js');

/**
 * One file to be worked on.
 *
 * @typedef {{
 *   source: string, destination: string, size: number, named: boolean, makeFolder: boolean,
 *   within?: string,
 * }} Job
 *
 * `named`: the command line names the file itself; `makeFolder`: the destination's may not exist;
 * `within`: the folder that the destination must not leave, by whatever links are in it.
 *
 * @typedef {{ jobs: Job[], failures: { source: string, error: unknown }[] }} Plan
 */

/** What the library writes beside a destination, left over where a process was killed. */
const TEMPORARY = /^\..+\.\w{6}\.tmp$/;

/**
 * Returns the files that the arguments name, and those in the folders that they name.
 *
 * @param {import('../commands').Invocation} invocation
 * @param {import('./transfer.js').Operation} operation
 * @returns {Promise<Plan>}
 */
async function plan({ values, positionals, reporter, signal }, operation) {
  const { output, recursive = false } = values;
  const inputs = await Promise.all(positionals.map(look));
  const folder = inputs.find((input) => input.isFolder);
  if (folder && !recursive) throw usage(`'${folder.source}' is a folder; give --recursive`);
  const outputFolder = (await isOutputFolder(output, inputs)) ? output : undefined;
  const excluded = outputFolder && (await realPath(outputFolder));

  /** @type {Plan} */
  const found = { jobs: [], failures: [] };
  for (const { source, size, error, isFolder: isTree } of inputs) {
    if (error) found.failures.push({ source, error });
    else if (isTree) await planFolder(source);
    else found.jobs.push(namedJob(source, size));
  }
  refuseCollisions(found.jobs);
  return found;

  /** @param {string} root */
  async function planFolder(root) {
    const from = await realPath(root);
    if (from === excluded) throw usage(`--output is '${root}' itself; leave it out to write there`);
    for await (const entry of walk(root, excluded && path.relative(from, excluded))) {
      signal.throwIfAborted();
      const { file, size = 0, ignored, error } = entry;
      const source = path.join(root, file);
      const reason = ignored ?? (error ? undefined : await whyNot(source));
      if (error) found.failures.push({ source, error });
      else if (reason) await ignore(source, reason);
      else if (reason === undefined) found.jobs.push(jobInFolder(root, file, size));
    }
  }

  /** Returns why a file is none to work on; '' where that goes without saying. */
  async function whyNot(/** @type {string} */ source) {
    const name = path.basename(source);
    if (!outputFolder && TEMPORARY.test(name)) return 'left over where a process was killed';
    if (operation.takes(name, outputFolder !== undefined)) return undefined;
    const counterpart = path.join(path.dirname(source), operation.counterpartOf(name));
    return (await exists(counterpart)) ? '' : 'its name says that there is nothing to do';
  }

  async function ignore(/** @type {string} */ source, /** @type {string} */ reason) {
    await reporter.result({ status: 'ignored', source, reason }, `ignored ${source}: ${reason}`);
  }

  /** @returns {Job} */
  function namedJob(/** @type {string} */ source, /** @type {number} */ size) {
    const named = { source, size, named: true, makeFolder: outputFolder !== undefined };
    if (outputFolder === undefined) {
      return { ...named, destination: output ?? operation.destinationOf(source) };
    }
    const name = path.basename(operation.destinationOf(source));
    return { ...named, destination: path.join(outputFolder, name) };
  }

  /** @returns {Job} */
  function jobInFolder(
    /** @type {string} */ root,
    /** @type {string} */ file,
    /** @type {number} */ size,
  ) {
    const within = outputFolder ?? root;
    const destination = operation.destinationOf(path.join(within, file));
    const makeFolder = outputFolder !== undefined;
    return { source: path.join(root, file), destination, size, named: false, makeFolder, within };
  }
}

/**
 * @param {string} source
 * @returns {Promise<{ source: string, size: number, isFolder: boolean, error?: unknown }>}
 */
async function look(source) {
  try {
    const stat = await fs.stat(source);
    return { source, size: stat.size, isFolder: stat.isDirectory() };
  } catch (error) {
    return { source, size: 0, isFolder: false, error };
  }
}

/**
 * Returns a path without links, so that a folder is known by any name; as it is, if it is not there.
 *
 * @param {string} place
 */
function realPath(place) {
  return fs.realpath(place).catch(() => path.resolve(place));
}

/**
 * Returns whether `--output` is a folder: it is one, or there is more than one file to write.
 *
 * @param {string | undefined} output
 * @param {{ isFolder: boolean }[]} inputs
 */
async function isOutputFolder(output, inputs) {
  if (output === undefined) return false;
  if (await isFolder(output)) return true;
  const isWanted = inputs.length > 1 || inputs.some((input) => input.isFolder);
  if (isWanted && (await exists(output))) throw usage(`--output '${output}' must be a folder here`);
  return isWanted || /[/\\]$/.test(output);
}

/**
 * Throws if two files would be written to one place, or one over another that is still to be read: the result
 * would depend on the order.
 *
 * @param {Job[]} jobs
 */
function refuseCollisions(jobs) {
  const inputs = new Set(jobs.map(({ source }) => path.resolve(source)));
  const sources = new Map();
  for (const { source, destination } of jobs) {
    const place = path.resolve(destination);
    const other = sources.get(place);
    if (other) throw usage(`'${other}' and '${source}' would both go to '${destination}'`);
    if (place !== path.resolve(source) && inputs.has(place)) {
      throw usage(`'${source}' would go to '${destination}', which is to be read itself`);
    }
    sources.set(place, source);
  }
}

/** @param {string} file */
function exists(file) {
  return fs.lstat(file).then(
    () => true,
    () => false,
  );
}

module.exports = { plan };
