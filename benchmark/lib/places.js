'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { MIB } = require('./keys');

/** In memory where there is such a place, so that no disk is measured. */
const PARENT = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();

/**
 * Lends a new folder, and removes it and all that is in it afterwards.
 *
 * @template T
 * @param {(place: (name: string) => string) => Promise<T>} work `place` is the path of a name in it
 * @returns {Promise<T>}
 */
async function inNewFolder(work) {
  const folder = fs.mkdtempSync(path.join(PARENT, 'kms-envelope-benchmark-'));
  const remove = () => fs.rmSync(folder, { recursive: true, force: true });
  const interrupted = () => process.exit(130);
  process.once('exit', remove).once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return await work((name) => path.join(folder, name));
  } finally {
    remove();
    process.off('exit', remove).off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
}

/** Writes a file of random bytes: one MiB again and again, with its number in front. */
function writeRandomFile(file, length) {
  const block = crypto.randomBytes(MIB);
  const descriptor = fs.openSync(file, 'wx');
  for (let at = 0; at < length; at += MIB) {
    block.writeBigUInt64BE(BigInt(at));
    fs.writeSync(descriptor, block, 0, Math.min(MIB, length - at));
  }
  fs.closeSync(descriptor);
}

module.exports = { inNewFolder, writeRandomFile };
