'use strict';

const { EnvelopeError } = require('../../lib/errors.js');
const { destroyOnAbort } = require('../../lib/calls/abort.js');

/**
 * Returns all bytes of a body, if they are not too many: what the store says of the length is not believed.
 *
 * @param {any} body
 * @param {{ most: number, name: string, instead: string, signal?: AbortSignal | undefined }} limit
 *   instead: what to use for more
 */
async function collect(body, { most, name, instead, signal }) {
  const ignore = destroyOnAbort(body, signal);
  try {
    const chunks = [];
    let length = 0;
    for await (const chunk of body) {
      length += chunk.length;
      // The loop destroys the body when it is left.
      if (length > most) throw tooLong(most, name, instead);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    ignore();
  }
}

/**
 * Returns what the work with a body resolves to. Destroys the body if the work fails: one that nobody ends keeps
 * its connection, of which a client has 50.
 *
 * @template T
 * @param {any} body
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function destroyOnFailure(body, work) {
  try {
    return await work();
  } catch (error) {
    destroy(body);
    throw error;
  }
}

/**
 * Ends a body that nobody reads: a stream of Node.js, or of the Web, as clients have that use fetch.
 *
 * @param {any} body
 */
function destroy(body) {
  if (body?.destroy) body.destroy();
  // Of one that is read already, its reader does it.
  else body?.cancel?.().catch(() => {});
}

/**
 * @param {number} most
 * @param {string} name
 * @param {string} instead
 */
function tooLong(most, name, instead) {
  return new EnvelopeError(
    'ERR_ENVELOPE_LIMIT_EXCEEDED',
    `${name} has more than the ${most} bytes that are held in memory; use ${instead}`,
  );
}

function lengthUnknown() {
  return new EnvelopeError(
    'ERR_ENVELOPE_UNSUPPORTED_MESSAGE',
    'S3 did not tell how long the object is (Content-Length), without which a part of it cannot be found; get ' +
      'all of it, or ask S3 without the proxy between',
  );
}

module.exports = { collect, destroy, destroyOnFailure, lengthUnknown, tooLong };
