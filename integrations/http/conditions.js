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
  const milliseconds = time instanceof Date ? time.getTime() : Date.parse(String(time));
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}

module.exports = { evaluateConditions, heedsRange };
