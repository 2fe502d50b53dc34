'use strict';

const fs = require('node:fs/promises');
const { isDeepStrictEqual } = require('node:util');

const { concernsOneFile } = require('./errors.js');

/** @typedef {import('./plan.js').Job} Job */
/** @typedef {import('../..').Envelope} Envelope */
/** @typedef {import('../..').EncryptionContext} Context */

/**
 * Why the destination is not the whole message that the source would give, if it is not.
 *
 * @param {Job} job
 * @param {Envelope} envelope
 * @param {{ encryptionContext: Context, signal: AbortSignal }} options
 */
async function messageProblem(job, envelope, { encryptionContext, signal }) {
  const opened = await openExisting(job.destination, envelope, { signal });
  if ('problem' in opened) return opened.problem;
  if (opened.size !== job.size) return 'it holds another length than the source';
  if (!isDeepStrictEqual({ ...opened.encryptionContext }, { ...encryptionContext })) {
    return 'it carries another encryption context';
  }
  return ageProblem(job);
}

/**
 * Why the destination is not the whole plaintext of the source, if it is not.
 *
 * @param {Job} job
 * @param {Envelope} envelope
 * @param {{ encryptionContext: Context, signal: AbortSignal }} options
 */
async function plaintextProblem(job, envelope, options) {
  const size = await envelope.plaintextSize(job.source, options);
  const stat = await fs.stat(job.destination);
  if (stat.size !== size) return 'it has another length than the plaintext';
  return ageProblem(job);
}

/**
 * The authenticated size and context of a message that exists; or why it is none under this key.
 *
 * @param {string} file
 * @param {Envelope} envelope
 * @param {import('../..').DataKeyOptions} options
 */
async function openExisting(file, envelope, options) {
  try {
    const message = await envelope.openMessage(file, options);
    const { size, header } = message;
    await message.close();
    return { size, encryptionContext: header.encryptionContext };
  } catch (error) {
    if (!concernsOneFile(error)) throw error;
    const { code } = /** @type {import('../..').EnvelopeError} */ (error);
    return { problem: `it is not a whole message under this key (${code})` };
  }
}

/**
 * A source that was changed later may well have kept its length.
 *
 * @param {Job} job
 */
async function ageProblem({ source, destination }) {
  const [from, to] = await Promise.all([fs.stat(source), fs.stat(destination)]);
  return from.mtimeMs > to.mtimeMs ? 'the source was changed after it' : undefined;
}

module.exports = { ageProblem, messageProblem, openExisting, plaintextProblem };
