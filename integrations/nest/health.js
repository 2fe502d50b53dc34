'use strict';

const { Injectable } = require('./common.js');
const args = require('../../lib/input/index.js');
const { checkedEnvelope } = require('../http/file.js');

/** @typedef {import('../../index').Envelope} Envelope */
/** @typedef {{ status: 'up' } | { status: 'down', code: string }} Health */

const OPTIONS = /** @type {const} */ (['encryptionContext', 'maxAgeMs', 'timeoutMs']);
/** How long an answer is good, in milliseconds: probes may come as often as they like. */
const MAX_AGE_MS = 10_000;
const TIMEOUT_MS = 5000;
const DAY = 86_400_000;

/** Tells whether an envelope can encrypt and decrypt, for `@nestjs/terminus`. */
class EnvelopeHealthIndicator {
  /** @type {WeakMap<Envelope, Map<string, { at: number, health: Promise<Health> }>>} by the context */
  #answers = new WeakMap();

  /**
   * Resolves to `up`, or to `down` and a code. Probes within `maxAgeMs` share one round trip.
   *
   * @param {string} key what the result is called
   * @param {unknown} envelope
   * @param {unknown} [options]
   * @returns {Promise<Record<string, Health>>}
   */
  async isHealthy(key, envelope, options) {
    const checkedOptions = args.options(options, OPTIONS);
    const checked = checkedEnvelope(envelope);
    const maxAgeMs =
      args.optionalInteger(checkedOptions.maxAgeMs, 'maxAgeMs', 0, DAY) ?? MAX_AGE_MS;
    const timeoutMs =
      args.optionalInteger(checkedOptions.timeoutMs, 'timeoutMs', 1, DAY) ?? TIMEOUT_MS;
    const asked = { encryptionContext: checkedOptions.encryptionContext, maxAgeMs, timeoutMs };
    return { [args.string(key, 'key')]: await this.#answerOf(checked, asked) };
  }

  /**
   * @param {Envelope} envelope
   * @param {{ encryptionContext: unknown, maxAgeMs: number, timeoutMs: number }} asked
   * @returns {Promise<Health>}
   */
  #answerOf(envelope, { encryptionContext, maxAgeMs, timeoutMs }) {
    const answers = this.#answers.get(envelope) ?? new Map();
    this.#answers.set(envelope, answers);
    const now = performance.now();
    for (const [context, { at }] of answers) if (now - at >= maxAgeMs) answers.delete(context);
    const context = JSON.stringify(args.flattenContext(encryptionContext));
    const known = answers.get(context);
    if (known) return known.health;
    const health = roundTrip(envelope, encryptionContext, timeoutMs);
    answers.set(context, { at: now, health });
    return health;
  }
}

Injectable()(EnvelopeHealthIndicator);

/**
 * @param {Envelope} envelope
 * @param {any} encryptionContext
 * @param {number} timeoutMs
 * @returns {Promise<Health>}
 */
async function roundTrip(envelope, encryptionContext, timeoutMs) {
  const options = {
    signal: AbortSignal.timeout(timeoutMs),
    ...(encryptionContext === undefined ? {} : { encryptionContext }),
  };
  try {
    await envelope.decrypt(await envelope.encrypt('', options), options);
    return { status: 'up' };
  } catch (error) {
    // The message may name keys and accounts, and health is often public.
    const { code } = Object(error);
    return { status: 'down', code: typeof code === 'string' ? code : 'unknown' };
  }
}

module.exports = { EnvelopeHealthIndicator };
