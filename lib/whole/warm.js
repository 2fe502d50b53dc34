'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { abortable, throwIfAborted } = require('../calls/abort.js');
const { fromJson, native } = require('../errors.js');
const { nextTurn } = require('../calls/timers.js');

/** @typedef {InstanceType<typeof import('../native/client.js').Core>} Core */
/** @typedef {PromiseSettledResult<void>} Settled */

const OPTIONS = /** @type {const} */ ([...args.CONTEXT_AND_SIGNAL, 'messages']);

/** How many headers one call of the addon reads or verifies; then the event loop turns. */
const SLICE = 256;

/**
 * Fills the cache for messages with a context; or for decrypting a message at hand, or each of several: of
 * several it tells the outcome of each.
 *
 * @param {Core} core
 * @param {unknown} options
 * @returns {Promise<any>}
 */
async function warm(core, options) {
  const { encryptionContext, signal, checkedOptions } = args.callOptions(options, OPTIONS);
  const { messages } = checkedOptions;
  if (messages === undefined) return core.warm(encryptionContext, signal);
  throwIfAborted(signal);
  if (args.isArray(messages)) {
    return keep(core, args.list(messages, 'messages'), encryptionContext, signal);
  }
  const one = [args.bytes(messages, 'messages')];
  const [settled] = await keep(core, one, encryptionContext, signal);
  if (settled?.status === 'rejected') throw settled.reason;
  return undefined;
}

/**
 * @param {Core} core
 * @param {unknown[]} messages
 * @param {string[]} context
 * @param {AbortSignal | undefined} signal
 */
async function keep(core, messages, context, signal) {
  const { headers, places, results } = await readHeaders(core, messages, context);
  const batch = await abortable(signal, (caller) => headers.unwrapToKeep(caller));
  try {
    for (let from = 0; from < places.length; from += SLICE) {
      if (from > 0) await nextTurn();
      throwIfAborted(signal);
      const count = Math.min(SLICE, places.length - from);
      const outcomes = native(() => batch.keep(from, count));
      outcomes.forEach(({ error }, i) => (results[places[from + i] ?? 0] = settle(error)));
    }
    return results;
  } finally {
    batch.release();
  }
}

/**
 * Reads the headers of those that are bytes: `places` has their places among all, and `results` the errors
 * of the others.
 *
 * @param {Core} core
 * @param {unknown[]} messages
 * @param {string[]} context
 */
async function readHeaders(core, messages, context) {
  const headers = native(() => binding.BatchHeaders.create(core.client, context));
  /** @type {Settled[]} */
  const results = [];
  /** @type {number[]} */
  const places = [];
  for (let from = 0; from < messages.length; from += SLICE) {
    if (from > 0) await nextTurn();
    /** @type {Uint8Array[]} */
    const inputs = [];
    messages.slice(from, from + SLICE).forEach((message, i) => {
      try {
        inputs.push(args.bytes(message, `messages[${from + i}]`));
        places.push(from + i);
      } catch (reason) {
        results[from + i] = { status: 'rejected', reason };
      }
    });
    native(() => headers.push(inputs));
  }
  return { headers, places, results };
}

/**
 * @param {string | undefined} error as JSON
 * @returns {Settled}
 */
function settle(error) {
  if (error === undefined) return { status: 'fulfilled', value: undefined };
  return { status: 'rejected', reason: fromJson(error) };
}

module.exports = { warm };
