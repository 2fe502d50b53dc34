'use strict';

const { once } = require('node:events');

const { throwIfAborted } = require('../../lib/calls/abort.js');
const { onAbort } = require('../../lib/calls/signal.js');
const { evaluateConditions, heedsRange } = require('./conditions.js');
const { dispositionOf } = require('./disposition.js');
const { rangeOf } = require('./range-header.js');

/** @typedef {import('../../index').OpenedMessage} OpenedMessage */
/** @typedef {import('./file.js').FoundFile} FoundFile */
/** What is read of a request: its method and its headers, whose names are in lower case. */
/** @typedef {{ method?: string | undefined, headers: import('./conditions.js').Headers }} Request */
/** What to send. The body, if there is one, must be read to its end or destroyed. */
/** @typedef {{ status: number, headers: Record<string, string>, body?: import('node:stream').Readable }} Answer */

/**
 * Resolves to the answer to a GET or HEAD request for an encrypted file: 200, 206, 304, 412 or 416.
 *
 * Its first piece has verified by then; each later one verifies before it leaves. The keys are wiped when
 * the body has ended or is destroyed.
 *
 * @param {import('../../index').Envelope} envelope
 * @param {FoundFile} file
 * @param {Request} request
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
async function answerWith(envelope, file, request, signal) {
  if (file.message) return answerOf(file.message, file, request, signal);
  const { encryptionContext } = file;
  const message = await envelope.openMessage(file.source, {
    signal,
    ...(encryptionContext === undefined ? {} : { encryptionContext }),
  });
  try {
    const answer = await answerOf(message, file, request, signal);
    if (answer.body) answer.body.once('close', () => void message.close());
    else await message.close();
    return answer;
  } catch (error) {
    await message.close();
    throw error;
  }
}

/**
 * @param {OpenedMessage} message
 * @param {FoundFile} file
 * @param {Request} request
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
async function answerOf(message, file, { method, headers }, signal) {
  const { size } = message;
  // No two messages share their id, so it names these bytes.
  const etag = file.etag ?? `"${message.header.messageId.toString('hex')}"`;
  const validators = { etag, lastModified: file.lastModified };
  const described = {
    ETag: etag,
    'Cache-Control': file.cacheControl,
    ...(file.lastModified && { 'Last-Modified': file.lastModified.toUTCString() }),
  };
  const state = evaluateConditions(headers, validators);
  if (state === 'unchanged') return { status: 304, headers: described };
  if (state === 'failed') return { status: 412, headers: described };

  // RFC 9110, 14.2: ranges are for GET only.
  const isRanged = method === 'GET' && heedsRange(headers, validators);
  const range = isRanged ? rangeOf(/** @type {string} */ (headers.range), size) : undefined;
  const withRanges = { ...described, 'Accept-Ranges': 'bytes' };
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { ...withRanges, 'Content-Range': `bytes */${size}` } };
  }
  const { start, end } = range ?? { start: 0, end: size };
  const answer = {
    status: range ? 206 : 200,
    headers: {
      ...withRanges,
      'Content-Type': file.type,
      'Content-Disposition': dispositionOf(file.inline, file.filename),
      'Content-Length': String(end - start),
      // What users upload is never run as something else than its type.
      'X-Content-Type-Options': 'nosniff',
      ...(range && { 'Content-Range': `bytes ${start}-${end - 1}/${size}` }),
    },
  };
  if (method === 'HEAD') return answer;
  return { ...answer, body: await begun(message.stream({ start, end }), signal) };
}

/**
 * Returns the stream once its first piece has verified: a file that was changed there is an error yet, and
 * not a connection that breaks off.
 *
 * @param {import('node:stream').Readable} stream
 * @param {AbortSignal} signal
 */
async function begun(stream, signal) {
  throwIfAborted(signal);
  const ignore = onAbort(signal, () => stream.destroy());
  try {
    await once(stream, 'readable', { signal });
    return stream;
  } catch (error) {
    stream.destroy();
    throwIfAborted(signal);
    throw error;
  } finally {
    ignore();
  }
}

module.exports = { answerWith };
