'use strict';

const binding = require('./native/load.js');
const args = require('./input/index.js');
const { throwIfAborted } = require('./calls/abort.js');
const { closeCaller, openCaller } = require('./calls/caller.js');
const { aborted, fromNative, invalid } = require('./errors.js');
const { onAbort } = require('./calls/signal.js');
const { absolutePath } = require('./input/path.js');
const { onRejection } = require('./calls/promises.js');
const { clearInterval, setInterval } = require('./calls/timers.js');

/** @typedef {InstanceType<typeof import('./native/client.js').Core>} Core */
/** @typedef {import('../binding').FilePaths} Paths */
/** @typedef {import('../binding').FileJob} FileJob */

const PROGRESS_INTERVAL_MS = 100;

const OPTIONS = /** @type {const} */ (['encryptionContext', 'signal', 'overwrite', 'onProgress']);
const RE_ENCRYPT_OPTIONS = /** @type {const} */ ([...OPTIONS, 'newEncryptionContext']);

/**
 * @param {Core} core
 * @param {unknown} source
 * @param {unknown} destination
 * @param {unknown} options
 */
async function encryptFile(core, source, destination, options) {
  const settings = fileOptions(source, destination, options, OPTIONS);
  const { read, written } = await watch(settings, (job, paths) =>
    binding.encryptFile(job, paths, core.client, settings.encryptionContext),
  );
  return { plaintextLength: read, messageLength: written };
}

/**
 * @param {Core} core
 * @param {unknown} source
 * @param {unknown} destination
 * @param {unknown} options
 */
async function decryptFile(core, source, destination, options) {
  const settings = fileOptions(source, destination, options, OPTIONS);
  const { read, written } = await watch(settings, (job, paths) =>
    binding.decryptFile(job, paths, core.client, settings.encryptionContext),
  );
  return { plaintextLength: written, messageLength: read };
}

/**
 * @param {Core} from
 * @param {Core} to
 * @param {unknown} source
 * @param {unknown} destination
 * @param {unknown} options
 */
async function reEncryptFile(from, to, source, destination, options) {
  const settings = fileOptions(source, destination, options, RE_ENCRYPT_OPTIONS);
  const newContext = args.newContext(settings.checkedOptions);
  const { read, written } = await watch(settings, (job, paths) =>
    binding.reEncryptFile(
      job,
      paths,
      from.client,
      settings.encryptionContext,
      to.client,
      newContext,
    ),
  );
  return { oldMessageLength: read, messageLength: written };
}

/**
 * Starts a job, tells its progress, and ends it when the signal fires or the callback throws.
 *
 * @template T
 * @param {Settings} settings
 * @param {(job: FileJob, paths: Paths) => Promise<T>} start
 * @returns {Promise<T>}
 */
async function watch({ paths, signal, onProgress }, start) {
  throwIfAborted(signal);
  // The job itself can be cancelled.
  const caller = openCaller(false);
  const job = new binding.FileJob(caller);
  /** @type {unknown[]} */
  const thrown = [];
  const fail = (/** @type {unknown} */ error) => {
    thrown.push(error);
    job.cancel();
  };
  const tell = () => {
    try {
      const told = onProgress?.({ bytesDone: job.bytesDone, bytesTotal: job.bytesTotal });
      // An async function's error ends the call, too, unless the call has ended by then.
      onRejection(told, fail);
    } catch (error) {
      fail(error);
    }
  };
  const timer = onProgress && setInterval(tell, PROGRESS_INTERVAL_MS);
  const ignore = signal && onAbort(signal, () => job.cancel());
  try {
    const result = await start(job, paths);
    tell();
    if (thrown.length > 0) throw thrown[0];
    return result;
  } catch (error) {
    if (thrown.length > 0) throw thrown[0];
    const failure = fromNative(error);
    throw signal && failure.code === 'ERR_ENVELOPE_ABORTED' ? aborted(signal) : failure;
  } finally {
    clearInterval(timer);
    ignore?.();
    closeCaller(caller);
  }
}

/** @typedef {ReturnType<typeof fileOptions>} Settings */

/**
 * @template {string} K
 * @param {unknown} source
 * @param {unknown} destination
 * @param {unknown} options
 * @param {readonly K[]} known
 */
function fileOptions(source, destination, options, known) {
  /** @type {Record<string, unknown>} */
  const checkedOptions = args.options(options, known);
  const { overwrite = false, onProgress } = checkedOptions;
  if (typeof overwrite !== 'boolean') throw invalid('overwrite must be true or false');
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalid('onProgress must be a function');
  }
  return {
    paths: {
      source: absolutePath(source, 'the source'),
      destination: absolutePath(destination, 'the destination'),
      overwrite,
    },
    encryptionContext: args.flattenContext(checkedOptions.encryptionContext),
    signal: args.abortSignal(checkedOptions.signal),
    onProgress: /** @type {((progress: import('../index').Progress) => void) | undefined} */ (
      onProgress
    ),
    checkedOptions,
  };
}

module.exports = { decryptFile, encryptFile, reEncryptFile };
