'use strict';

const { adviceOn } = require('../../lib/error-codes.js');
const { describe, exitCodeOf } = require('./errors.js');

/**
 * What `doctor` found: `info` is neither good nor bad; `skipped` could not be tried.
 *
 * @typedef {{
 *   name: string, status: 'ok' | 'info' | 'failed' | 'skipped', detail: string,
 *   code?: string, advice?: string, exit?: number,
 * }} Check
 * @typedef {{ encryptionContext: Record<string, string>, signal: AbortSignal }} CheckOptions
 */

/**
 * Returns whether an envelope encrypts, and decrypts that again.
 *
 * @param {() => import('../..').Envelope} open makes the envelope
 * @param {CheckOptions} options
 * @param {string} key the key that commands in the advice name
 * @returns {Promise<[encrypt: Check, decrypt: Check]>}
 */
async function checkUse(open, options, key) {
  let message;
  let envelope;
  try {
    envelope = open();
    message = await envelope.encrypt('doctor', options);
  } catch (error) {
    return [failure('encrypt', error, key), skipped('decrypt', 'there is nothing to decrypt')];
  }
  try {
    await envelope.decrypt(message, options);
  } catch (error) {
    return [works('encrypt', 'works'), failure('decrypt', error, key)];
  }
  return [works('encrypt', 'works'), works('decrypt', 'works')];
}

/**
 * @param {string} name
 * @param {unknown} error
 * @param {string} [key] the key that commands in the advice name
 * @returns {Check}
 */
function failure(name, error, key) {
  const { code, message } = describe(error);
  const exit = exitCodeOf(error);
  return { name, status: 'failed', detail: message, code, advice: adviceOn(code, key), exit };
}

/**
 * @param {string} name
 * @param {string} detail
 * @returns {Check}
 */
function works(name, detail) {
  return { name, status: 'ok', detail };
}

/**
 * @param {string} name
 * @param {string} detail
 * @returns {Check}
 */
function skipped(name, detail) {
  return { name, status: 'skipped', detail };
}

module.exports = { checkUse, failure, skipped, works };
