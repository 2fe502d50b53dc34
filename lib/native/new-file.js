'use strict';

const { Writable } = require('node:stream');

const binding = require('./load.js');
const { fromNative } = require('../errors.js');

/**
 * Writes a file that appears complete or not at all, that has no name before (where the system has
 * such files), and that only its owner can read. For the command line: the library's own files go
 * through `files.js`.
 *
 * @param {string} destination
 * @param {boolean} overwrite whether an existing file is replaced
 * @param {(sink: Writable) => Promise<void>} fill
 */
async function writeNewFile(destination, overwrite, fill) {
  const file = attempt(() => binding.NewFile.create(destination, overwrite));
  try {
    await fill(sinkOf(file));
    await file.place().catch((error) => {
      throw fromNative(error);
    });
  } finally {
    file.discard();
  }
}

/** @param {import('../../binding').NewFile} file */
function sinkOf(file) {
  return new Writable({
    write(chunk, _encoding, done) {
      try {
        attempt(() => file.write(chunk));
      } catch (error) {
        return done(/** @type {Error} */ (error));
      }
      done();
    },
  });
}

/**
 * @template T
 * @param {() => T} call
 */
function attempt(call) {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}

module.exports = { writeNewFile };
