'use strict';

const { randomUUID } = require('node:crypto');

const { hasFunction } = require('../../lib/input/functions.js');
const args = require('../../lib/input/index.js');
const { invalid } = require('../../lib/errors.js');
const { callBack, plaintextOf, settingFor } = require('./upload.js');

/** @typedef {import('./upload.js').File} File */
/** @typedef {import('./upload.js').Callback} Callback */

const OPTIONS = /** @type {const} */ (['s3', 'bucket', 'key', 'encryptionContext', 'input', 'put']);

/**
 * Returns a storage for multer that encrypts uploads while they stream to objects of S3.
 *
 * @param {unknown} options
 */
function encryptedS3Storage(options) {
  const checkedOptions = args.options(options, OPTIONS);
  const { s3, bucket, key = () => randomUUID(), encryptionContext, input, put } = checkedOptions;
  if (!hasFunction(s3, 'put') || !hasFunction(s3, 'delete')) {
    throw invalid('s3 must be an EncryptedS3 of kms-envelope/s3');
  }
  if (typeof bucket !== 'function') args.string(bucket, 'bucket');
  const objects = /** @type {InstanceType<typeof import('../s3').EncryptedS3>} */ (s3);

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
      callBack(remove(file), callback);
    },
  };

  /**
   * @param {unknown} request
   * @param {File} file
   */
  async function store(request, file) {
    const context = await settingFor(encryptionContext, request, file);
    const place = {
      Bucket: args.string(await settingFor(bucket, request, file), 'bucket'),
      Key: args.string(await settingFor(key, request, file), 'key'),
    };
    const upload = plaintextOf(file);
    const more = /** @type {object} */ (await settingFor(input, request, file));
    const answer = await objects.put(
      { ContentType: file.mimetype, ...more, ...place, Body: upload },
      {
        .../** @type {object} */ (put),
        ...(context === undefined ? {} : { encryptionContext: context }),
      },
    );
    return { bucket: place.Bucket, key: place.Key, etag: answer.ETag, size: upload.size };
  }

  /** @param {File} file without a key if it was not stored */
  async function remove({ bucket: Bucket, key: Key }) {
    if (typeof Key === 'string') await objects.delete({ Bucket, Key });
    return undefined;
  }
}

module.exports = { encryptedS3Storage };
