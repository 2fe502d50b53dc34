'use strict';

const { Readable } = require('node:stream');

const args = require('../../lib/input/index.js');
const { answerWith } = require('../http/answer.js');
const { checkedEnvelope, checkedFile } = require('../http/file.js');
const { hangUpSignal } = require('../http/hang-up.js');
const { ownStatuses, publicError } = require('../http/status.js');

const OPTIONS = /** @type {const} */ (['statuses']);

/**
 * Returns a handler of GET and HEAD routes for an encrypted file.
 *
 * @param {unknown} envelope
 * @param {unknown} file what to send; or a function of the request and its signal that returns it, or nothing
 * @param {unknown} [options]
 */
function decryptedFile(envelope, file, options) {
  const opened = checkedEnvelope(envelope);
  const statuses = ownStatuses(args.options(options, OPTIONS).statuses);
  if (typeof file !== 'function') checkedFile(file);
  const find = typeof file === 'function' ? file : () => file;

  /**
   * @param {any} request
   * @param {any} reply
   */
  return async function sendDecryptedFile(request, reply) {
    const { signal, stop } = hangUpSignal(reply.raw);
    try {
      if (signal.aborted) return reply.hijack();
      const found = await find(request, { signal });
      if (found === undefined || found === null) return reply.callNotFound();
      const { status, headers, body } = await answerWith(
        opened,
        checkedFile(found),
        request,
        signal,
      );
      reply.code(status);
      for (const [name, value] of Object.entries(headers)) {
        if (!reply.hasHeader(name)) reply.header(name, value);
      }
      // Fastify reads it as fast as the client does, and destroys it when the client hangs up.
      // Of an empty text it would tell clients the length, instead of that of the file.
      return reply.send(body ?? (request.method === 'HEAD' ? Readable.from([]) : ''));
    } catch (error) {
      throw publicError(error, statuses);
    } finally {
      stop();
    }
  };
}

/**
 * Returns an error handler that passes on errors of this package as errors with a status, of which a client
 * is told nothing else; and all other errors as they are.
 *
 * @param {unknown} [options]
 */
function envelopeErrors(options) {
  const statuses = ownStatuses(args.options(options, OPTIONS).statuses);
  return function handleEnvelopeError(/** @type {unknown} */ error) {
    // Fastify's own handler answers it.
    throw publicError(error, statuses);
  };
}

module.exports = { decryptedFile, envelopeErrors };
