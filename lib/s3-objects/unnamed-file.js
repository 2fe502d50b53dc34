'use strict';

const { constants } = require('node:fs');
const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');

const { EnvelopeError } = require('../errors.js');
const { systemError } = require('../foreign-text.js');

/**
 * `O_RDWR | O_TMPFILE | O_EXCL` of open(2): a file that never gets a name. Node.js has no name for the second,
 * which holds O_DIRECTORY.
 */
const UNNAMED = constants.O_RDWR | constants.O_DIRECTORY | 0o20000000 | constants.O_EXCL;
/** How file systems say that they have no such files. */
const NO_UNNAMED = ['EOPNOTSUPP', 'EISDIR', 'EINVAL'];

/** A file without a name, for one object. What the system refuses is an error of the file. */
class UnnamedFile {
  #handle;

  /** @param {import('node:fs/promises').FileHandle} handle */
  constructor(handle) {
    this.#handle = handle;
  }

  static async open() {
    return new UnnamedFile(await openHandle().catch(failed('made')));
  }

  /**
   * Writes bytes at the end of what was written.
   *
   * @param {Buffer} bytes
   */
  async append(bytes) {
    // In one piece: writeFile would wait for the disk twice.
    for (let at = 0; at < bytes.length;) {
      at += (await this.#handle.write(bytes, at).catch(failed('written'))).bytesWritten;
    }
  }

  /**
   * Fills a buffer with the bytes from a position on.
   *
   * @param {Buffer} buffer
   * @param {number} position
   */
  async read(buffer, position) {
    for (let at = 0; at < buffer.length;) {
      const reading = this.#handle.read(buffer, at, buffer.length - at, position + at);
      const { bytesRead } = await reading.catch(failed('read'));
      if (bytesRead === 0) failed('read')(new Error('it has lost its end'));
      at += bytesRead;
    }
  }

  close() {
    return this.#handle.close();
  }
}

/**
 * Opens a file that only this process can reach, and that goes with it. Linux opens one that never has a
 * name; elsewhere its name is removed at once.
 */
async function openHandle() {
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

/**
 * Returns what throws the system's error as one of the file.
 *
 * @param {string} done what could not be done with the file
 */
function failed(done) {
  /** @param {unknown} error */
  return (error) => {
    throw new EnvelopeError(
      'ERR_ENVELOPE_FILE',
      `the temporary file of an encrypted object cannot be ${done}; check the folder of temporary files (TMPDIR) ` +
        'and its free space',
      { cause: systemError(error) },
    );
  };
}

module.exports = { UnnamedFile };
