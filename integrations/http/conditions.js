'use strict';

/** @typedef {Record<string, string | string[] | undefined>} Headers */
/** What a client can compare with: a strong entity tag, in its quotes, and a time. */
/** @typedef {{ etag: string, lastModified: Date | undefined }} Validators */

/**
 * Returns what the conditions of a request say: `send` it, answer that it is `unchanged` (304), or that a
 * condition `failed` (412). In the order of RFC 9110, 13.2.2.
 *
 * @param {Headers} headers
 * @param {Validators} validators
 * @returns {'send' | 'unchanged' | 'failed'}
 */
function evaluateConditions(headers, { etag, lastModified }) {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (match !== undefined) {
    if (!isAny(match) && !tagsIn(match).includes(etag)) return 'failed';
  } else if (isLater(lastModified, headers['if-unmodified-since'])) {
    return 'failed';
  }
  if (noneMatch !== undefined) {
    return isAny(noneMatch) || tagsIn(noneMatch).map(withoutWeakness).includes(etag)
      ? 'unchanged'
      : 'send';
  }
  const since = seconds(headers['if-modified-since']);
  if (lastModified === undefined || since === undefined) return 'send';
  return isLater(lastModified, headers['if-modified-since']) ? 'send' : 'unchanged';
}

/**
 * Returns whether a client that asks for a range has the same bytes already (RFC 9110, 13.1.5); if not, it is
 * sent all of them.
 *
 * @param {Headers} headers
 * @param {Validators} validators
 */
function heedsRange(headers, { etag, lastModified }) {
  const wanted = headers['if-range'];
  if (wanted === undefined) return true;
  // A weak tag never counts here, and so is no special case.
  if (String(wanted).includes('"')) return wanted === etag;
  return lastModified !== undefined && seconds(lastModified) === seconds(wanted);
}

/** @param {string | string[]} header */
function isAny(header) {
  return String(header).trim() === '*';
}

/** @param {string | string[]} header */
function tagsIn(header) {
  return [...String(header).matchAll(/(?:W\/)?"[^"]*"/g)].map(([tag]) => tag);
}

/** @param {string} tag */
function withoutWeakness(tag) {
  return tag.replace(/^W\//, '');
}

/**
 * Returns whether one time is later than another; not if one of them is unknown.
 *
 * @param {Date | undefined} time
 * @param {string | string[] | undefined} other
 */
function isLater(time, other) {
  const first = seconds(time);
  const second = seconds(other);
  return first !== undefined && second !== undefined && first > second;
}

/**
 * Returns a time in seconds, as HTTP counts it.
 *
 * @param {Date | string | string[] | undefined} time
 */
function seconds(time) {
  if (time === undefined) return undefined;
  const milliseconds = time instanceof Date ? time.getTime() : parseHttpDate(String(time));
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}

/** The three forms of RFC 9110, 5.6.7; only the last one leaves out that it is UTC. */
const HTTP_DATE =
  /^(?:\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT|\w{6,9}, \d{2}-\w{3}-\d{2} [\d:]{8} GMT|\w{3} \w{3} [ \d]\d [\d:]{8} \d{4})$/;

/**
 * Returns the milliseconds since 1970, or NaN for what is no date of HTTP: `Date.parse` alone takes much else.
 *
 * @param {string} text
 */
function parseHttpDate(text) {
  if (!HTTP_DATE.test(text)) return NaN;
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}

module.exports = { evaluateConditions, heedsRange };
