'use strict';

const { PREFIX, categoryOf } = require('../../lib/error-codes.js');

const EXIT = { failure: 1, usage: 2, message: 3, key: 4, file: 5 };

/** @type {Partial<Record<import('../..').EnvelopeErrorCategory, number>>} */
const EXIT_OF_CATEGORY = {
  argument: EXIT.usage,
  message: EXIT.message,
  key: EXIT.key,
  service: EXIT.key,
  file: EXIT.file,
};

/** Beside those of the categories `message` and `file`, what may go right with the next file. */
const OF_ONE_FILE = ['NO_USABLE_KEY', 'KMS_WRONG_KEY'];
/** Of one message, which names a version; whatever is encrypted has the same version. */
const OF_BRANCH_KEY = ['BRANCH_KEY_NOT_FOUND', 'BRANCH_KEY_ALTERED', 'BRANCH_KEY_UNSUPPORTED'];
/** Every file that is written to the same disk fails. */
const OF_ALL_FILES = ['DISK_FULL'];

/** A failure of the command line's own, with a code as those of the library. */
class Failure extends Error {
  /**
   * @param {string} code without its prefix
   * @param {string} message
   * @param {{ exit?: number, cause?: unknown }} [details]
   */
  constructor(code, message, { exit, ...options } = {}) {
    super(message, options);
    this.code = PREFIX + code;
    this.exit = exit;
  }
}

/**
 * Returns the failure of a command line that is wrong; nothing was done.
 *
 * @param {string} message
 */
function usage(message) {
  return new Failure('INVALID_ARGUMENT', message);
}

/**
 * Returns what a person, or with `--json` a program, is told of an error.
 *
 * @param {unknown} error
 * @returns {{
 *   code: string, category: string, message: string, exitCode: number, retryable: boolean,
 *   requestId?: string,
 * }}
 */
function describe(error) {
  const known = toKnown(error);
  const { retryable = false, requestId } = /** @type {any} */ (known);
  return {
    code: known.code,
    category: categoryOf(known.code),
    message: messageOf(known),
    exitCode: exitCodeOf(known),
    retryable,
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** @param {unknown} error */
function exitCodeOf(error) {
  const { code, exit } = /** @type {Failure} */ (toKnown(error));
  return exit ?? EXIT_OF_CATEGORY[categoryOf(code)] ?? EXIT.failure;
}

/**
 * Returns the exit code of a command for several files: that of those that failed, if they failed
 * alike.
 *
 * @param {Set<number>} codes the exit codes of the files that failed
 */
function commonExitCode(codes) {
  return codes.size > 1 ? EXIT.failure : ([...codes][0] ?? 0);
}

/**
 * Returns whether the same command may succeed with other files; else it ends at this error.
 *
 * @param {unknown} error
 */
function concernsOneFile(error) {
  const { code } = toKnown(error);
  const name = code.slice(PREFIX.length);
  if (OF_ONE_FILE.includes(name) || concernsBranchKey(error)) return true;
  return ['message', 'file'].includes(categoryOf(code)) && !OF_ALL_FILES.includes(name);
}

/** Returns whether a branch key, or a version of it, is not there or cannot be used. */
function concernsBranchKey(/** @type {unknown} */ error) {
  return OF_BRANCH_KEY.includes(toKnown(error).code.slice(PREFIX.length));
}

/** Returns whether the reader of standard output has closed it, which is no failure to tell of. */
function isBrokenPipe(/** @type {unknown} */ error) {
  return toKnown(error).code === `${PREFIX}BROKEN_PIPE`;
}

/**
 * Returns the error itself if it has a code of ours; else a failure that stands for it.
 *
 * @param {unknown} error
 * @returns {Error & { code: string }}
 */
function toKnown(error) {
  const failure = /** @type {NodeJS.ErrnoException} */ (error);
  const { code, syscall, path, message } = failure;
  if (code?.startsWith(PREFIX)) return /** @type {Failure} */ (failure);
  if (code === 'EPIPE') {
    return new Failure('BROKEN_PIPE', 'the reader of the output has gone', { exit: EXIT.file });
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Failure('DISK_FULL', message);
  if (code === 'ENOENT') {
    // The command line gives other bytes than UTF-8 as this character.
    const advice = path?.includes('\ufffd')
      ? 'if its name is not UTF-8, rename it'
      : 'check the path';
    const text = path ? `'${path}' does not exist; ${advice}` : message;
    return new Failure('FILE_NOT_FOUND', text);
  }
  if (syscall !== undefined) return new Failure('FILE', message);
  return new Failure('INTERNAL', `${message ?? error}; please report this`);
}

/**
 * Returns the message of an error, with the reasons of each key and the cause.
 *
 * @param {Error} error
 */
function messageOf(error) {
  const { errors = [] } = /** @type {{ errors?: Error[] }} */ (error);
  const reasons = errors.map((reason) => reason.message);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${[error.message, ...reasons].join('; ')}${cause}`;
}

module.exports = {
  EXIT,
  Failure,
  commonExitCode,
  concernsBranchKey,
  concernsOneFile,
  describe,
  exitCodeOf,
  isBrokenPipe,
  usage,
};
