'use strict';

const { inspect } = require('../..');

const SEQUENCE = 4;
const IV = 12;
const TAG = 16;
const ENDFRAME = 0xffffffff;

/**
 * A place in a message: `message id`, `header tag`; of a frame by its number `frame 2`, `frame 2 content`
 * and `frame 2 tag`; of the last one `final frame`, `final content` and `final tag`; of a body without
 * frames `content` and `content tag`; `signature`; and `last byte`.
 *
 * @typedef {string} Place
 */

/**
 * Returns a copy of a message with one bit of a place changed.
 *
 * @param {Buffer} message
 * @param {...Place} places
 */
function flip(message, ...places) {
  const changed = Buffer.from(message);
  for (const place of places) changed[find(message, place).start] ^= 1;
  return changed;
}

/**
 * Returns a copy of bytes that are no message, such as a wrapped data key or a value of a column, with
 * one bit of the last byte changed.
 *
 * @param {Uint8Array} bytes
 */
function flipLastByte(bytes) {
  const changed = Buffer.from(bytes);
  changed[changed.length - 1] ^= 1;
  return changed;
}

/**
 * Returns the beginning of a message, up to a place or with all of it.
 *
 * @param {Buffer} message
 * @param {{ before: Place } | { after: Place }} where
 */
function truncate(message, where) {
  const end =
    'before' in where ? find(message, where.before).start : find(message, where.after).end;
  return message.subarray(0, end);
}

/**
 * Returns where each place of a message is.
 *
 * @param {Buffer} message that is whole
 * @returns {Map<Place, { start: number, end: number }>}
 */
function places(message) {
  const { version, messageId, headerLength, frameLength, contentType } = inspect(message);
  const found = new Map();
  const add = (/** @type {Place} */ name, /** @type {number} */ start, /** @type {number} */ end) =>
    found.set(name, { start, end });
  // Version and suite come before it; in format 1.0 also a type.
  const idAt = version === 1 ? 4 : 3;
  add('message id', idAt, idAt + messageId.length);
  add('header tag', headerLength - TAG, headerLength);
  const bodyEnd =
    contentType === 'framed' ? addFrames(add, message, headerLength, frameLength) : addWhole();
  if (bodyEnd < message.length) add('signature', bodyEnd + 2, message.length);
  add('last byte', message.length - 1, message.length);
  return found;

  function addWhole() {
    const start = headerLength + IV + 8;
    const end = start + Number(message.readBigUInt64BE(headerLength + IV));
    add('content', start, end);
    add('content tag', end, end + TAG);
    return end + TAG;
  }
}

/**
 * Adds the frames of a body, and returns where the last one ends.
 *
 * @param {(name: Place, start: number, end: number) => void} add
 * @param {Buffer} message
 * @param {number} bodyAt
 * @param {number} frameLength
 */
function addFrames(add, message, bodyAt, frameLength) {
  let at = bodyAt;
  while (message.readUInt32BE(at) !== ENDFRAME) {
    const name = `frame ${message.readUInt32BE(at)}`;
    const content = at + SEQUENCE + IV;
    at = addFrame(name, at, content, frameLength);
  }
  const lengthAt = at + 2 * SEQUENCE + IV;
  return addFrame('final', at, lengthAt + 4, message.readUInt32BE(lengthAt));

  function addFrame(
    /** @type {string} */ name,
    /** @type {number} */ start,
    /** @type {number} */ content,
    /** @type {number} */ length,
  ) {
    const tag = content + length;
    add(name === 'final' ? 'final frame' : name, start, tag + TAG);
    add(`${name} content`, content, tag);
    add(`${name} tag`, tag, tag + TAG);
    return tag + TAG;
  }
}

/**
 * @param {Buffer} message
 * @param {Place} place
 */
function find(message, place) {
  const all = places(message);
  const found = all.get(place);
  if (found) return found;
  throw new Error(`the message has no ${place}, only: ${[...all.keys()].join(', ')}`);
}

module.exports = { flip, flipLastByte, places, truncate };
