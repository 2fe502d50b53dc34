'use strict';

const fs = require('node:fs/promises');
const { isDeepStrictEqual } = require('node:util');

const { contextOf, keyOf } = require('../support/arguments.js');
const { temporaryBeside } = require('../support/place.js');
const {
  ageProblem,
  changeDetector,
  contentProblem,
  digest,
  openExisting,
  openSource,
} = require('../support/completeness.js');
const { Failure, usage } = require('../support/errors.js');
const { envelopeOf } = require('../support/envelope.js');
const { isEncryptedName, encryptedName } = require('../support/names.js');
const { OF_FILES } = require('../support/options.js');
const { transfer } = require('../support/transfer.js');

/** @typedef {import('../..').Envelope} Envelope */
/** @typedef {import('../..').DataKeyOptions} DataKeyOptions */
/** @typedef {import('../support/plan.js').Job} Job */

/** @param {import('.').Invocation} invocation */
async function run(invocation) {
  const { values } = invocation;
  const encryptionContext = contextOf(values);
  if (!values['to-key']) throw usage('no new key is named; give --to-key');
  const { 'branch-key': branchKeyId, 'to-key': toKey, 'to-branch-key': toBranchKeyId } = values;
  const sameKey = toKey === keyOf(values) && toBranchKeyId === branchKeyId;
  const from = envelopeOf(values);
  const to = envelopeOf(values, { key: toKey, branchKeyId: toBranchKeyId });

  return transfer(invocation, {
    past: 're-encrypted',
    compared: ['length', 'context', 'date'],
    binary: true,
    destinationOf: (source) => source,
    takes: isEncryptedName,
    counterpartOf: encryptedName,
    stream: (signal) => from.reEncryptStream(to, { encryptionContext, signal }),
    async convert(source, destination, options) {
      const settings = { encryptionContext, ...options };
      if (source === destination) return replace(source, from, to, settings);
      return from.reEncryptFile(source, destination, to, settings);
    },
    async problemWith(job, signal) {
      const options = { encryptionContext, signal };
      const { verify } = values;
      if (job.source !== job.destination) {
        return copyProblem(job, from, to, { ...options, verify });
      }
      if (sameKey) return 'it is to get another data key';
      const problem = await keyProblem(job.source, to, options);
      // What does not verify as a whole fails.
      if (!problem && verify) await digest(job.source, signal, to, encryptionContext);
      return problem;
    },
  });
}

/**
 * Puts the new message, once it is complete, in the place of the old one.
 *
 * @param {string} file
 * @param {Envelope} from
 * @param {Envelope} to
 * @param {import('../..').FileOptions} options
 */
async function replace(file, from, to, options) {
  if (!(await fs.lstat(file)).isFile()) {
    throw new Failure('FILE', `'${file}' is a symbolic link; give the path of the file itself`);
  }
  const temporary = temporaryBeside(file);
  const checkUnchanged = await changeDetector(file);
  try {
    const result = await from.reEncryptFile(file, temporary, to, { ...options, overwrite: false });
    await checkUnchanged();
    await fs.rename(temporary, file);
    return result;
  } finally {
    await fs.rm(temporary, { force: true });
  }
}

/**
 * Returns why the file is to be re-encrypted, if it has not been already.
 *
 * @param {string} file
 * @param {Envelope} to
 * @param {DataKeyOptions} options
 */
async function keyProblem(file, to, options) {
  try {
    const opened = await openExisting(file, to, options);
    return 'problem' in opened ? 'it is not under the new key yet' : undefined;
  } catch (error) {
    if (options.signal?.aborted) throw error;
    // If it matters, re-encrypting it will tell.
    return 'it cannot be read under the new key';
  }
}

/**
 * Returns why the destination is not the re-encrypted source, if it is not.
 *
 * @param {Job} job
 * @param {Envelope} from
 * @param {Envelope} to
 * @param {import('../support/completeness.js').Checks} options
 */
async function copyProblem(job, from, to, { verify, ...options }) {
  const copy = await openExisting(job.destination, to, options);
  if ('problem' in copy) return copy.problem;
  const source = await openSource(job.source, from, options);
  if ('problem' in source) return source.problem;
  if (!isDeepStrictEqual(copy, source)) {
    return 'it holds another length or encryption context than the source';
  }
  if (!verify) return ageProblem(job);
  const { signal } = options;
  return contentProblem(digest(job.destination, signal, to), digest(job.source, signal, from));
}

module.exports = {
  summary: 'Decrypt messages and encrypt them under another key, in one pass',
  usage: '--to-key KEY [OPTION...] [FILE|FOLDER...]',
  details: `Each message gets a new data key, under --to-key, and keeps its encryption
context. With --cache, messages with the same context share one. The plaintext
is never written anywhere. Without a file, or with -, standard input is
re-encrypted to standard output; if the command does not end with exit code 0,
what it has written before must be discarded.

Without --output, the new message takes the place of the file, in one step: this
needs --force. Files that are under the new key already are skipped, so that an
interrupted run is resumed by the same command. In folders, only the files whose
names end with .encrypted are taken, and no symbolic links.
`,
  options: /** @type {const} */ (['to-key', 'to-branch-key', ...OF_FILES]),
  run,
};
