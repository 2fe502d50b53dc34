'use strict';

const fs = require('node:fs');

const { Failure } = require('./errors.js');
const { isFolder } = require('./walk.js');

/**
 * Opens a file, or for `-` standard input, to be read from its start.
 *
 * @param {string} input
 * @returns {Promise<import('node:stream').Readable & { bytesRead?: number }>}
 */
async function openInput(input) {
  const source = input === '-' ? standardInput() : await openFile(input);
  // Whoever reads it hears of an error; before that, nobody would.
  source.on('error', () => {});
  return source;
}

function standardInput() {
  // Node.js takes a folder there for an empty file.
  if (isFolderOpen(0)) throw isAFolder('standard input');
  return process.stdin;
}

/** @param {number} fd */
function isFolderOpen(fd) {
  try {
    return fs.fstatSync(fd).isDirectory();
  } catch {
    return false;
  }
}

/** @param {string} file */
async function openFile(file) {
  if (await isFolder(file)) throw isAFolder(`'${file}'`);
  return fs.createReadStream(file, { highWaterMark: 256 * 1024 });
}

/** @param {string} what */
function isAFolder(what) {
  return new Failure('FILE', `${what} is a folder; give a file`);
}

module.exports = { openInput };
