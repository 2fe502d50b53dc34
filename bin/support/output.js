'use strict';

/** Control characters, and those that turn the direction of text: names of files may hold them. */
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Writes to standard output, and waits until it is written.
 *
 * @param {string} text
 * @returns {Promise<void>}
 */
function write(text) {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/**
 * A text that comes from elsewhere, as one harmless line.
 *
 * @param {string} text
 */
function oneLine(text) {
  return text.replace(/\r?\n/g, ' ').replace(UNPRINTABLE, escaped);
}

/** @param {string} character */
function escaped(character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

module.exports = { oneLine, write };
