'use strict';

const { Failure } = require('../support/errors.js');

/** As many digits as a number of JavaScript holds exactly, whichever they are. */
const EXACT_DIGITS = 15;
const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?))?$/;

/** @type {Record<string, (text: string) => unknown>} */
const READERS = {
  text: (text) => text,
  boolean: booleanOf,
  integer: integerOf,
  bigint: bigintOf,
  number: numberOf,
  json: jsonOf,
  date: dateOf,
};

/**
 * The value of this type that a column holds in the clear. What cannot be read without loss is
 * refused.
 *
 * @param {string} type
 * @param {unknown} stored text, bytes, or a number or bigint of SQLite
 * @returns {unknown}
 */
function plainValue(type, stored) {
  if (type === 'bytes') {
    if (stored instanceof Uint8Array) return stored;
    throw unreadable('is not bytes');
  }
  if (type === 'number' && typeof stored === 'number') return stored;
  return READERS[type]?.(textOf(stored));
}

/** @param {unknown} stored */
function textOf(stored) {
  if (typeof stored === 'string') return stored;
  if (typeof stored === 'bigint' || typeof stored === 'number') return String(stored);
  const bytes = /** @type {Uint8Array} */ (stored);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unreadable('is not text in UTF-8');
  }
}

/** @param {string} text */
function booleanOf(text) {
  if (/^(true|t|1)$/i.test(text)) return true;
  if (/^(false|f|0)$/i.test(text)) return false;
  throw unreadable('is not true or false');
}

/** @param {string} text */
function integerOf(text) {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw unreadable('is not a safe integer; perhaps --type bigint');
}

/** @param {string} text */
function bigintOf(text) {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  throw unreadable('is not a whole number');
}

/** @param {string} text */
function numberOf(text) {
  const value = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (Number.isFinite(value) && isExact(text, value)) return value;
  throw unreadable('is not a number that JavaScript holds exactly; perhaps --type text');
}

/** @param {string} text */
function jsonOf(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw unreadable('is not JSON');
  }
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/-?\d[\d.]*(e[+-]?\d+)?/gi) ?? [];
  if (numbers.every((number) => isExact(number, Number(number)))) return value;
  throw unreadable('is JSON with a number that JavaScript does not hold; perhaps --type text');
}

/** @param {string} text */
function dateOf(text) {
  const [, year, month, day, time = '00:00', fraction = '', zone = 'Z'] = DATE.exec(text) ?? [];
  const offset = zone.length === 3 ? `${zone}:00` : zone.replace(/^(...)(\d\d)$/, '$1:$2');
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3);
  const seconds = time.length === 5 ? `${time}:00` : time;
  const value = new Date(`${year}-${month}-${day}T${seconds}.${milliseconds}${offset}`);
  const isThere = new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDate() === Number(day);
  if (Number.isNaN(value.getTime()) || !isThere) {
    throw unreadable('is not a date with its time zone, such as 2026-02-28T12:34:56Z');
  }
  if (/[1-9]/.test(fraction.slice(3))) throw unreadable('is a date with parts of milliseconds');
  return value;
}

/**
 * Whether a number in decimal is the same in JavaScript.
 *
 * @param {string} text
 * @param {number} value
 */
function isExact(text, value) {
  const digits = text.replace(/e.*$/i, '').replace(/[-.]/g, '').replace(/^0+/, '');
  // Too large a number is infinite, and null in JSON; too small a one is 0.
  if (!Number.isFinite(value) || (value === 0) !== (digits === '')) return false;
  return digits.replace(/0+$/, '').length <= EXACT_DIGITS || text === String(value);
}

/** @param {string} problem */
function unreadable(problem) {
  return new Failure('MALFORMED_MESSAGE', `the value ${problem}`);
}

module.exports = { plainValue };
