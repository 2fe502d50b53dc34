'use strict';

const crypto = require('node:crypto');
const { createWriteStream } = require('node:fs');
const fs = require('node:fs/promises');
const path = require('node:path');

const { Failure } = require('./errors.js');

/** So that the temporary name is not too long for a file system. */
const MAX_NAME_LENGTH = 40;

/** What a file system says that has no hard links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Writes a file that appears complete or not at all, and that only its owner can read.
 *
 * @param {string} destination
 * @param {boolean} force whether an existing file is replaced
 * @param {(sink: import('node:fs').WriteStream) => Promise<void>} fill
 */
async function writeAtomically(destination, force, fill) {
  await checkPlace(destination, force);
  const temporary = temporaryBeside(destination);
  const sink = createWriteStream(temporary, { flags: 'wx', mode: 0o600 });
  try {
    await fill(sink);
    await sync(temporary);
    await (force ? fs.rename(temporary, destination) : place(temporary, destination));
  } finally {
    await closed(sink);
    await fs.rm(temporary, { force: true });
  }
}

/**
 * Closes a stream if it is open; until then its file may still come to be.
 *
 * @param {import('node:fs').WriteStream} sink
 * @returns {Promise<void>}
 */
function closed(sink) {
  if (sink.closed) return Promise.resolve();
  return new Promise((resolve) => {
    // Why it failed is known already.
    sink
      .on('error', () => {})
      .on('close', resolve)
      .destroy();
  });
}

/**
 * Sees that a file is on the disk before it gets its name.
 *
 * @param {string} file
 */
async function sync(file) {
  const handle = await fs.open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * A name in the folder of the destination, that a file has only until it is complete.
 *
 * @param {string} destination
 */
function temporaryBeside(destination) {
  const name = path.basename(destination).slice(0, MAX_NAME_LENGTH);
  const random = crypto.randomBytes(3).toString('hex');
  return path.join(path.dirname(destination), `.${name}.${random}.tmp`);
}

/**
 * @param {string} destination
 * @param {boolean} force
 */
async function checkPlace(destination, force) {
  const stat = await fs.lstat(destination).catch(() => undefined);
  if (!stat) return;
  if (!stat.isFile()) throw notAFile(destination);
  if (!force) throw exists(destination);
}

/**
 * Gives the file its name, unless another has it; a rename would not ask.
 *
 * @param {string} temporary
 * @param {string} destination
 */
async function place(temporary, destination) {
  try {
    await fs.link(temporary, destination);
  } catch (error) {
    const { code = '' } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'EEXIST') throw exists(destination);
    if (!NO_LINKS.includes(code)) throw error;
    await checkPlace(destination, false);
    await fs.rename(temporary, destination);
  }
}

/** @param {string} destination */
function exists(destination) {
  return new Failure('FILE_EXISTS', `'${destination}' exists already; give --force to replace it`);
}

/** @param {string} destination */
function notAFile(destination) {
  return new Failure(
    'FILE',
    `'${destination}' is not a regular file; choose another --output (- for standard output)`,
  );
}

module.exports = { notAFile, temporaryBeside, writeAtomically };
