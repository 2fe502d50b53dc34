'use strict';

const crypto = require('node:crypto');
const { createReadStream } = require('node:fs');
const fs = require('node:fs/promises');
const { pipeline } = require('node:stream/promises');
const { isDeepStrictEqual } = require('node:util');

const { Failure, concernsOneFile } = require('./errors.js');

/** What reading a message by ranges says of one that is signed, or has no frames. */
const WITHOUT_SIZE = ['ERR_ENVELOPE_SIGNED_MESSAGE', 'ERR_ENVELOPE_UNSUPPORTED_MESSAGE'];

/** @typedef {import('./plan.js').Job} Job */
/** @typedef {import('../..').Envelope} Envelope */
/** @typedef {import('../..').EncryptionContext} Context */
/** @typedef {{ encryptionContext: Context, signal: AbortSignal, verify?: boolean }} Checks */

/**
 * Returns why the destination is not the whole message that the source would give, if it is not.
 *
 * @param {Job} job
 * @param {Envelope} envelope
 * @param {Checks} options
 */
async function messageProblem(job, envelope, { encryptionContext, signal, verify }) {
  const opened = await openExisting(job.destination, envelope, { signal });
  if ('problem' in opened) return opened.problem;
  const { size } = await fs.stat(job.source);
  if (opened.size !== size) return 'it holds another length than the source';
  if (!isDeepStrictEqual({ ...opened.encryptionContext }, { ...encryptionContext })) {
    return 'it carries another encryption context';
  }
  if (!verify) return ageProblem(job);
  return contentProblem(digest(job.destination, signal, envelope), digest(job.source, signal));
}

/**
 * Returns why the destination is not the whole plaintext of the source, if it is not.
 *
 * @param {Job} job
 * @param {Envelope} envelope
 * @param {Checks} options
 */
async function plaintextProblem(job, envelope, { verify, ...options }) {
  const { signal } = options;
  if (verify) {
    const message = digest(job.source, signal, envelope, options.encryptionContext);
    return contentProblem(digest(job.destination, signal), message);
  }
  const source = await openSource(job.source, envelope, options);
  if ('problem' in source) return source.problem;
  const stat = await fs.stat(job.destination);
  if (stat.size !== source.size) return 'it has another length than the plaintext';
  return ageProblem(job);
}

/**
 * @param {Promise<Buffer>} existing
 * @param {Promise<Buffer>} wanted
 */
async function contentProblem(existing, wanted) {
  const [there, source] = await Promise.all([existing, wanted]);
  return there.equals(source) ? undefined : 'it has another content';
}

/**
 * Returns the SHA-256 digest of a file; or, with an envelope, of what the message in it decrypts to, once
 * all of that has verified.
 *
 * @param {string} file
 * @param {AbortSignal} signal
 * @param {Envelope} [envelope]
 * @param {Context} [encryptionContext]
 * @returns {Promise<Buffer>}
 */
async function digest(file, signal, envelope, encryptionContext = {}) {
  const hash = crypto.createHash('sha256');
  const source = createReadStream(file);
  if (!envelope) await pipeline(source, hash, { signal });
  else {
    const signed = 'release-before-verified';
    const plaintext = envelope.decryptStream({ encryptionContext, signal, signed });
    await pipeline(source, plaintext, hash, { signal });
  }
  return hash.read();
}

/**
 * Returns the authenticated size and context of a source; or why they are not known.
 *
 * @param {string} file
 * @param {Envelope} envelope
 * @param {import('../..').DataKeyOptions} options
 */
async function openSource(file, envelope, options) {
  try {
    return await open(file, envelope, options);
  } catch (error) {
    const { code } = /** @type {import('../..').EnvelopeError} */ (error);
    if (!WITHOUT_SIZE.includes(code)) throw error;
    return { problem: `the source does not tell its length before it is decrypted (${code})` };
  }
}

/**
 * Returns the authenticated size and context of a destination; or why it is no message under this key.
 *
 * @param {string} file
 * @param {Envelope} envelope
 * @param {import('../..').DataKeyOptions} options
 */
async function openExisting(file, envelope, options) {
  try {
    return await open(file, envelope, options);
  } catch (error) {
    if (!concernsOneFile(error)) throw error;
    const { code } = /** @type {import('../..').EnvelopeError} */ (error);
    return { problem: `it is not a whole message under this key (${code})` };
  }
}

/**
 * @param {string} file
 * @param {Envelope} envelope
 * @param {import('../..').DataKeyOptions} options
 */
async function open(file, envelope, options) {
  const message = await envelope.openMessage(file, options);
  await message.close();
  return { size: message.size, encryptionContext: message.header.encryptionContext };
}

/**
 * Returns a problem if the source was changed after the destination: it may have kept its length.
 *
 * @param {Job} job
 */
async function ageProblem({ source, destination }) {
  const [from, to] = await Promise.all([fs.stat(source), fs.stat(destination)]);
  return from.mtimeMs > to.mtimeMs ? 'the source was changed after it' : undefined;
}

/**
 * Remembers how a file is; what it returns fails if somebody has written to the file meanwhile.
 *
 * @param {string} file
 */
async function changeDetector(file) {
  const before = await fs.stat(file);
  return async () => {
    const { ino, mtimeMs, size } = await fs.stat(file);
    const isSame = ino === before.ino && mtimeMs === before.mtimeMs && size === before.size;
    if (isSame) return;
    const advice = 'run it again, with --force, when nobody writes to the file';
    throw new Failure('FILE', `'${file}' was changed while it was read; ${advice}`);
  };
}

module.exports = {
  ageProblem,
  changeDetector,
  contentProblem,
  digest,
  messageProblem,
  openExisting,
  openSource,
  plaintextProblem,
};
