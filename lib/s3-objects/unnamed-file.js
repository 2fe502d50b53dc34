'use strict';

const { constants } = require('node:fs');
const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');

/**
 * `O_RDWR | O_TMPFILE | O_EXCL` of open(2): a file that never gets a name. Node.js has no name for the second,
 * which holds O_DIRECTORY.
 */
const UNNAMED = constants.O_RDWR | constants.O_DIRECTORY | 0o20000000 | constants.O_EXCL;
/** How file systems say that they have no such files. */
const NO_UNNAMED = ['EOPNOTSUPP', 'EISDIR', 'EINVAL'];

/**
 * Returns a file that only this process can reach, and that goes with it. Linux opens one that never has a
 * name; elsewhere its name is removed at once.
 */
async function openWithoutName() {
  if (process.platform === 'linux') {
    try {
      return await fs.open(os.tmpdir(), UNNAMED, 0o600);
    } catch (error) {
      const { code = '' } = /** @type {NodeJS.ErrnoException} */ (error);
      if (!NO_UNNAMED.includes(code)) throw error;
    }
  }
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'kms-envelope-'));
  try {
    const file = await fs.open(path.join(folder, 'body'), 'wx+', 0o600);
    await fs.unlink(path.join(folder, 'body'));
    return file;
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

module.exports = { openWithoutName };
