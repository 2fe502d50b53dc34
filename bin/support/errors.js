'use strict';

const EXIT = { failure: 1, usage: 2, message: 3, key: 4, file: 5 };

/** The message itself is at fault. */
const OF_A_MESSAGE = [
  'MALFORMED_MESSAGE',
  'TRUNCATED_MESSAGE',
  'UNSUPPORTED_MESSAGE',
  'COMMITMENT_POLICY',
  'SIGNED_MESSAGE',
  'AUTHENTICATION_FAILED',
  'CONTEXT_MISMATCH',
  'LIMIT_EXCEEDED',
  'KMS_INVALID_CIPHERTEXT',
];
const OF_A_FILE = ['FILE', 'FILE_NOT_FOUND', 'FILE_EXISTS'];

/** What goes wrong with one file may go right with the next; all else ends the command. */
const OF_ONE_FILE = [...OF_A_MESSAGE, ...OF_A_FILE, 'NO_USABLE_KEY', 'KMS_WRONG_KEY'];

const PREFIX = 'ERR_ENVELOPE_';

/** What the library says to programs, as people do it here. */
const IN_OUR_WORDS = /** @type {const} */ ([
  ['LocalKeyring.generate', 'kms-envelope keygen'],
  ['allow `overwrite`', 'give --force'],
  [' or the option `region`', ''],
  ['; see `errors`', ''],
  ['; see the cause', ''],
  ['the cause says why; ', ''],
  ['or raise `timeoutMs`', 'or check the network'],
  ['use the streams instead', 'give it as standard input'],
  ['`commitmentPolicy`', '--commitment-policy'],
  ['commitmentPolicy must', '--commitment-policy must'],
]);

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
 * The failure of a command line that is wrong; nothing was done.
 *
 * @param {string} message
 */
function usage(message) {
  return new Failure('INVALID_ARGUMENT', message);
}

/**
 * An error as a person, or with `--json` a program, is told of it.
 *
 * @param {unknown} error
 * @returns {{
 *   code: string, message: string, exitCode: number, retryable: boolean, requestId?: string,
 * }}
 */
function describe(error) {
  const known = recognised(error);
  const { retryable = false, requestId } = /** @type {any} */ (known);
  return {
    code: known.code,
    message: wordsOf(known),
    exitCode: exitCodeOf(known),
    retryable,
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** @param {unknown} error */
function exitCodeOf(error) {
  const { code, exit } = /** @type {Failure} */ (recognised(error));
  if (exit !== undefined) return exit;
  const name = code.slice(PREFIX.length);
  if (name === 'INVALID_ARGUMENT') return EXIT.usage;
  if (OF_A_MESSAGE.includes(name)) return EXIT.message;
  if (OF_A_FILE.includes(name) || name === 'DISK_FULL') return EXIT.file;
  return /^(NO_USABLE_KEY|KEY_FILE|CONFIGURATION|KMS_.+)$/.test(name) ? EXIT.key : EXIT.failure;
}

/**
 * The exit code of a command that has failed so, or so, or not at all.
 *
 * @param {Set<number>} codes
 */
function commonExitCode(codes) {
  return codes.size > 1 ? EXIT.failure : ([...codes][0] ?? 0);
}

/**
 * Whether other files may fare better.
 *
 * @param {unknown} error
 */
function concernsOneFile(error) {
  return OF_ONE_FILE.includes(recognised(error).code.slice(PREFIX.length));
}

/** Whether nobody reads what we write any more, and so nobody wants to hear of it. */
function isBrokenPipe(/** @type {unknown} */ error) {
  return recognised(error).code === `${PREFIX}BROKEN_PIPE`;
}

/**
 * The error itself if it has a code of ours; else a failure that stands for it.
 *
 * @param {unknown} error
 * @returns {Error & { code: string }}
 */
function recognised(error) {
  const given = /** @type {NodeJS.ErrnoException} */ (error);
  const { code, syscall, path, message } = given;
  if (code?.startsWith(PREFIX)) return /** @type {Failure} */ (given);
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

/** @param {Error} error */
function wordsOf(error) {
  const { errors = [] } = /** @type {{ errors?: Error[] }} */ (error);
  const reasons = errors.map((reason) => reason.message);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  let text = `${[error.message, ...reasons].join('; ')}${cause}`;
  for (const [theirs, ours] of IN_OUR_WORDS) text = text.replaceAll(theirs, ours);
  return text;
}

module.exports = {
  EXIT,
  Failure,
  IN_OUR_WORDS,
  commonExitCode,
  concernsOneFile,
  describe,
  exitCodeOf,
  isBrokenPipe,
  usage,
};
