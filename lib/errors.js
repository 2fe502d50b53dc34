'use strict';

/** @typedef {import('../index').EnvelopeErrorCode} Code */

/**
 * @typedef {{
 *   code: Code, message: string, retryable: boolean, requestId: string | null,
 *   cause: string | null, errors: NativeError[], circuit?: 'open' | 'half-open' | null,
 *   retryAfterMs?: number | null,
 * }} NativeError
 */

const { isNativeError } = require('node:util').types;

const { lazy } = require('./lazy.js');

const errorCodes = lazy(() => require('./error-codes.js'));
const foreignText = lazy(() => require('./foreign-text.js'));

/** What the errors of every copy of this package have on their prototype. */
const BRAND = Symbol.for('kms-envelope.EnvelopeError');

/** How names of KMS keys begin that are not the bare name of an alias. */
const KEY_ID = /^(alias\/|mrk-|[0-9a-f]{8}-[0-9a-f]{4}-)/i;

/** What every failing call throws or rejects with. */
class EnvelopeError extends Error {
  /**
   * Errors of another copy of this package are the same to those who catch them.
   *
   * @param {unknown} value
   */
  static [Symbol.hasInstance](value) {
    // A subclass has only its own instances.
    if (this !== EnvelopeError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return isNativeError(value) && BRAND in value;
  }

  /**
   * @param {Code} code
   * @param {string} message
   * @param {{
   *   retryable?: boolean, requestId?: string, errors?: EnvelopeError[], cause?: unknown,
   *   circuit?: 'open' | 'half-open', retryAfterMs?: number,
   * }} [details]
   */
  constructor(code, message, details = {}) {
    const {
      retryable = false,
      requestId,
      errors = [],
      circuit,
      retryAfterMs,
      ...options
    } = details;
    super(message, options);
    this.code = code;
    this.category = errorCodes().categoryOf(code);
    this.retryable = retryable;
    this.requestId = requestId;
    this.errors = errors;
    if (circuit !== undefined) Object.assign(this, { circuit, retryAfterMs });
  }
}

// On the prototype, as with the classes of Node.js itself, so that it does not print as a field.
Object.defineProperties(EnvelopeError.prototype, {
  name: { value: 'EnvelopeError', configurable: true, writable: true },
  [BRAND]: { value: true },
});

/**
 * Returns the error of a wrong argument; nothing was done.
 *
 * @param {string} message
 */
function invalid(message) {
  return new EnvelopeError('ERR_ENVELOPE_INVALID_ARGUMENT', message);
}

/**
 * Returns the error of a fired `AbortSignal`.
 *
 * @param {AbortSignal} signal
 */
function aborted(signal) {
  const message = 'the operation was aborted';
  const error = new EnvelopeError('ERR_ENVELOPE_ABORTED', message, { cause: signal.reason });
  // The name by which code tells an abort from a failure, whatever library it calls.
  error.name = 'AbortError';
  return error;
}

/**
 * Calls the addon, and throws what it throws as an `EnvelopeError`.
 *
 * @template T
 * @param {() => T} call
 * @returns {T}
 */
function native(call) {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * Converts an error of the addon, which carries its fields as JSON, into an `EnvelopeError`.
 *
 * @param {unknown} error
 * @returns {EnvelopeError}
 */
function fromNative(error) {
  if (error instanceof EnvelopeError) return error;
  const fields = parse(error);
  if (fields) return fromFields(fields);
  const message = 'the addon failed unexpectedly; please report this';
  const cause = new Error(foreignText().sentence(textOf(error)));
  return new EnvelopeError('ERR_ENVELOPE_INTERNAL', message, { cause });
}

/**
 * Returns a thrown value as text; it may be anything, also what cannot be turned into a string.
 *
 * @param {unknown} error
 */
function textOf(error) {
  try {
    return String(error);
  } catch {
    return 'what was thrown cannot be read';
  }
}

/**
 * Returns the fields of an error of the addon; `undefined` for any other thrown value.
 *
 * @param {unknown} error
 * @returns {NativeError | undefined}
 */
function parse(error) {
  // What a caller's function threw may be anything.
  if (!isNativeError(error)) return undefined;
  const { code, message } = /** @type {{ code?: unknown, message?: unknown }} */ (error);
  const isOurs =
    code === 'GenericFailure' && typeof message === 'string' && message.startsWith('{"');
  return isOurs ? JSON.parse(message) : undefined;
}

/**
 * @param {NativeError} fields
 * @returns {EnvelopeError}
 */
function fromFields({
  code,
  message: text,
  retryable,
  requestId,
  cause,
  errors,
  circuit,
  retryAfterMs,
}) {
  const message = code === 'ERR_ENVELOPE_KMS_KEY_NOT_FOUND' ? withAlias(text) : text;
  return new EnvelopeError(code, message, {
    retryable,
    requestId: requestId ?? undefined,
    errors: errors.map(fromFields),
    circuit: circuit ?? undefined,
    retryAfterMs: retryAfterMs ?? undefined,
    ...(cause === null ? {} : { cause: new Error(cause) }),
  });
}

/**
 * Adds the alias that was meant, most likely, where the key's name is no key id.
 *
 * @param {string} message
 */
function withAlias(message) {
  const [, name] = /the KMS key "([\w/-]{1,250})"/.exec(message) ?? [];
  if (name === undefined || KEY_ID.test(name)) return message;
  return `${message}; it is no key id: is "alias/${name}" meant?`;
}

/**
 * Converts an error that the addon returned as JSON, instead of throwing it.
 *
 * @param {string} json
 * @returns {EnvelopeError}
 */
function fromJson(json) {
  return fromFields(JSON.parse(json));
}

module.exports = { EnvelopeError, aborted, fromJson, fromNative, invalid, native };
