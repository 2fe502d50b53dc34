'use strict';

const fs = require('node:fs');
const { Writable } = require('node:stream');

const { Failure } = require('./errors.js');

/**
 * What is invisible, or turns the direction of text; halves of surrogate pairs. Names of files may hold
 * it. Only the two that join letters are left.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

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

/**
 * Returns a stream to standard output that ends only when all has been written, and leaves that open.
 */
function standardOutput() {
  refuseClosedOutput();
  return new Writable({ write: (chunk, _encoding, done) => void stdout.write(chunk, done) });
}

/**
 * Returns a text that comes from elsewhere, as one harmless line.
 *
 * @param {string} text
 */
function oneLine(text) {
  return text.replace(/\r?\n/g, ' ').replace(UNPRINTABLE, escaped);
}

/**
 * Returns a value as one line of JSON that changes no terminal.
 *
 * @param {unknown} value
 */
function jsonLine(value) {
  return `${JSON.stringify(value).replace(UNPRINTABLE, escaped)}\n`;
}

/** Returns a character as JSON escapes it: `\\u` and four digits for each of its UTF-16 units. */
function escaped(/** @type {string} */ character) {
  const units = character.split('').map((unit) => unit.charCodeAt(0));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** Refuses a standard output that is closed, before what belongs there is made. */
function refuseClosedOutput() {
  if (!isClosed(1)) return;
  throw new Failure('FILE', 'standard output is closed; to discard the output, say > /dev/null');
}

/**
 * Returns whether a standard descriptor was closed when the process began: Node.js opens /dev/null in its
 * place, for both ways, where `< /dev/null` and `> /dev/null` open it for one.
 *
 * @param {0 | 1} fd
 */
function isClosed(fd) {
  try {
    const [descriptor, nothing] = [fs.fstatSync(fd), fs.statSync('/dev/null')];
    if (!descriptor.isCharacterDevice() || descriptor.rdev !== nothing.rdev) return false;
    const one = Buffer.alloc(1);
    if (fd === 0) fs.writeSync(fd, one);
    else fs.readSync(fd, one);
    return true;
  } catch {
    return false;
  }
}

/** @param {number} fd */
function isFile(fd) {
  try {
    return fs.fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

module.exports = { isClosed, jsonLine, oneLine, refuseClosedOutput, standardOutput, write };
