'use strict';

const fs = require('node:fs');

const { Failure } = require('./errors.js');
const { isClosed } = require('./output.js');

/**
 * Opens a file, or for `-` standard input, to be read from its start.
 *
 * @param {string} input
 * @returns {import('node:stream').Readable & { bytesRead?: number }}
 */
function openInput(input) {
  // Node.js takes a folder at standard input for an empty file.
  if (statOf(input)?.isDirectory()) {
    throw new Failure('FILE', `${inWords(input)} is a folder; give a file`);
  }
  if (input === '-' && isClosed(0)) {
    throw new Failure('FILE', 'standard input is closed; give a file, or say < /dev/null');
  }
  const options = { highWaterMark: 256 * 1024 };
  const source = input === '-' ? process.stdin : fs.createReadStream(input, options);
  // Whoever reads it hears of an error; before that, nobody would.
  source.on('error', () => {});
  return source;
}

/**
 * Refuses a file that standard output is appended to: its end would never come.
 *
 * @param {string} input
 */
function refuseEndless(input) {
  const [from, to] = [statOf(input), statOf(1)];
  if (from?.isFile() && to?.isFile() && from.dev === to.dev && from.ino === to.ino) {
    throw new Failure('FILE', `${inWords(input)} is standard output, too; write to another file`);
  }
}

/**
 * @param {string | number} file a path, `-`, or a descriptor
 * @returns {import('node:fs').BigIntStats | undefined} nothing if it does not tell
 */
function statOf(file) {
  try {
    if (typeof file === 'string' && file !== '-') return fs.statSync(file, { bigint: true });
    return fs.fstatSync(typeof file === 'number' ? file : 0, { bigint: true });
  } catch {
    return undefined;
  }
}

/** @param {string} input */
function inWords(input) {
  return input === '-' ? 'standard input' : `'${input}'`;
}

module.exports = { inWords, openInput, refuseEndless };
