'use strict';

const { randomUUID } = require('node:crypto');
const fs = require('node:fs/promises');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');

const args = require('../../lib/input/index.js');
const { EnvelopeError, invalid } = require('../../lib/errors.js');
const { checkedEnvelope } = require('../http/file.js');
const { callBack, plaintextOf, settingFor } = require('./upload.js');

/** @typedef {import('./upload.js').File} File */
/** @typedef {import('./upload.js').Callback} Callback */
/** Where an upload is written: its folder, its name there, and its path. */
/** @typedef {{ destination: string, filename: string, path: string }} Place */

const OPTIONS = /** @type {const} */ (['envelope', 'destination', 'filename', 'encryptionContext']);

/** What a file system answers that has no hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EMLINK', 'EXDEV']);

/**
 * Returns a storage for multer that encrypts uploads while they stream to files.
 *
 * @param {unknown} options
 */
function encryptedDiskStorage(options) {
  const checkedOptions = args.options(options, OPTIONS);
  const envelope = checkedEnvelope(checkedOptions.envelope);
  const {
    destination,
    filename = () => `${randomUUID()}.encrypted`,
    encryptionContext,
  } = checkedOptions;
  if (typeof destination !== 'function') args.string(destination, 'destination');

  return {
    _handleFile(
      /** @type {unknown} */ request,
      /** @type {File} */ file,
      /** @type {Callback} */ callback,
    ) {
      callBack(store(request, file), callback);
    },
    _removeFile(
      /** @type {unknown} */ _request,
      /** @type {File} */ file,
      /** @type {Callback} */ callback,
    ) {
      callBack(remove(file.path), callback);
    },
  };

  /**
   * @param {unknown} request
   * @param {File} file
   */
  async function store(request, file) {
    // Asked for at once: the stream may fail while they are answered, and is then seen to have failed.
    const context = await settingFor(encryptionContext, request, file);
    const folder = args.string(await settingFor(destination, request, file), 'destination');
    const name = args.string(await settingFor(filename, request, file), 'filename');
    if (path.basename(name) !== name || name === '.' || name === '..') {
      throw invalid('filename must be a name without a folder; the folder is the destination');
    }
    const place = { destination: folder, filename: name, path: path.join(folder, name) };
    await fs.mkdir(folder, { recursive: true });
    const settings = context === undefined ? {} : { encryptionContext: context };
    const upload = plaintextOf(file);
    const messageLength = await writeWhole(place, (handle) =>
      pipeline(upload, envelope.encryptStream(settings), (chunks) => handle.writeFile(chunks)),
    );
    return { ...place, size: upload.size, messageLength };
  }
}

/**
 * Writes a file that appears complete or not at all, and that only its owner can read; resolves to its length.
 *
 * @param {Place} place
 * @param {(handle: fs.FileHandle) => Promise<void>} fill
 */
async function writeWhole({ destination, path: name }, fill) {
  // Not longer than any name may be.
  const temporary = path.join(destination, `.${randomUUID()}.part`);
  const handle = await fs.open(temporary, 'wx', 0o600);
  try {
    await fill(handle);
    await handle.sync();
    const { size } = await handle.stat();
    await handle.close();
    await place(temporary, name);
    return size;
  } finally {
    await handle.close();
    await fs.rm(temporary, { force: true });
  }
}

/**
 * Gives a file its name, unless there is another of that name.
 *
 * @param {string} temporary
 * @param {string} name
 */
async function place(temporary, name) {
  try {
    await fs.link(temporary, name);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'EEXIST') throw exists();
    if (!NO_LINKS.has(String(code))) throw error;
    // Without hard links nothing does both at once.
    await fs.access(name).then(
      () => {
        throw exists();
      },
      () => fs.rename(temporary, name),
    );
  }
}

function exists() {
  return new EnvelopeError(
    'ERR_ENVELOPE_FILE_EXISTS',
    'there is an upload of this filename already; choose a new one for each',
  );
}

/** @param {unknown} name nothing for what was not stored */
async function remove(name) {
  if (typeof name === 'string') await fs.rm(name, { force: true });
  return undefined;
}

module.exports = { encryptedDiskStorage };
