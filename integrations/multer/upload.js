'use strict';

const { EnvelopeError } = require('../../lib/errors.js');

/** A file that multer is reading; its stream gives the plaintext. */
/** @typedef {{ stream: import('node:stream').Readable & { truncated?: boolean }, [name: string]: any }} File */
/** @typedef {(error: unknown, info?: Record<string, unknown>) => void} Callback */

/**
 * Returns the bytes of an upload, and how many there were so far. It fails at its end if the limit of multer
 * has cut the upload off: what is encrypted then is not the file.
 *
 * @param {File} file
 */
function plaintextOf({ stream }) {
  const upload = {
    size: 0,
    async *[Symbol.asyncIterator]() {
      for await (const chunk of stream) {
        upload.size += chunk.length;
        yield chunk;
      }
      if (stream.truncated) throw cutOff();
    },
  };
  return upload;
}

/** Multer tells its own error, `LIMIT_FILE_SIZE`. */
function cutOff() {
  return new EnvelopeError(
    'ERR_ENVELOPE_LIMIT_EXCEEDED',
    'the upload is longer than limits.fileSize allows; nothing was stored',
  );
}

/**
 * Returns a setting of a storage for one upload: a function of the request and the file, or one value for all.
 *
 * @param {unknown} setting
 * @param {unknown} request
 * @param {File} file
 */
async function settingFor(setting, request, file) {
  return typeof setting === 'function' ? setting(request, file) : setting;
}

/**
 * Calls back with the outcome. What the callback throws is not taken for a failure of the work.
 *
 * @param {Promise<Record<string, unknown> | undefined>} work
 * @param {Callback} callback
 */
function callBack(work, callback) {
  work.then(
    (info) => process.nextTick(callback, null, info),
    (error) => process.nextTick(callback, error),
  );
}

module.exports = { callBack, plaintextOf, settingFor };
