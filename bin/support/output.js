'use strict';

const fs = require('node:fs');
const { Writable } = require('node:stream');

/** What is invisible, or turns the direction of text: names of files may hold it. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** Where it is a file, Node's own stream loses without a word what a full disk has no room for. */
const stdout = isFile(1) ? fs.createWriteStream('', { fd: 1, autoClose: false }) : process.stdout;

// Who writes hears of a closed pipe; without a listener it would also end the process.
stdout.on('error', () => {});
process.stderr.on('error', () => {});

/**
 * Writes to standard output, and waits until it is written.
 *
 * @param {string} text
 * @returns {Promise<void>}
 */
function write(text) {
  return new Promise((resolve, reject) => {
    stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** A stream to standard output that ends only when all has been written, and leaves that open. */
function standardOutput() {
  return new Writable({ write: (chunk, _encoding, done) => void stdout.write(chunk, done) });
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
  const hex = /** @type {number} */ (character.codePointAt(0)).toString(16);
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
}

/** @param {number} fd */
function isFile(fd) {
  try {
    return fs.fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

module.exports = { oneLine, standardOutput, write };
