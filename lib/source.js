'use strict';

const fs = require('node:fs/promises');
const { fileURLToPath } = require('node:url');

const args = require('./arguments.js');
const { EnvelopeError, invalid } = require('./errors.js');

/**
 * Where a message lies, to be read by ranges.
 *
 * @typedef {{
 *   size: number,
 *   read(start: number, end: number): Promise<Uint8Array>,
 *   close(): Promise<void>,
 * }} Source
 */

/**
 * Opens a message in memory, at a path, in an open file, or behind a reader of the caller's.
 *
 * @param {unknown} source
 * @returns {Promise<Source>}
 */
async function openSource(source) {
  if (typeof source === 'string' || source instanceof URL) return openFile(filePath(source));
  if (isFileHandle(source)) return fileSource(source, nothing);
  if (isRangedSource(source)) return rangedSource(source);
  const bytes = args.bytes(source, 'the source');
  return {
    size: bytes.length,
    read: async (start, end) => bytes.subarray(start, end),
    close: nothing,
  };
}

/**
 * A path from a string or a `file:` URL.
 *
 * @param {unknown} value
 * @param {string} [name]
 */
function filePath(value, name = 'the path') {
  if (!(value instanceof URL)) return args.string(value, name);
  if (value.protocol !== 'file:') throw invalid(`${name} must be a file: URL`);
  return fileURLToPath(value);
}

/** @param {string} path */
async function openFile(path) {
  const handle = await fs.open(path).catch((error) => {
    throw fileError(path, error);
  });
  try {
    return await fileSource(handle, () => handle.close());
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * @param {import('node:fs/promises').FileHandle} handle
 * @param {() => Promise<void>} close
 */
async function fileSource(handle, close) {
  const stat = await handle.stat();
  if (!stat.isFile()) {
    throw new EnvelopeError('ERR_ENVELOPE_FILE', 'the source is not a file; give the path of one');
  }
  return {
    size: stat.size,
    async read(/** @type {number} */ start, /** @type {number} */ end) {
      const buffer = Buffer.allocUnsafe(end - start);
      let done = 0;
      while (done < buffer.length) {
        const { bytesRead } = await handle.read(buffer, done, buffer.length - done, start + done);
        // A file that was cut meanwhile is a message that was cut.
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return buffer.subarray(0, done);
    },
    close,
  };
}

/**
 * @param {import('../index').RangedSource} source
 * @returns {Source}
 */
function rangedSource(source) {
  const size = args.integer(source.size, 'size', 0, Number.MAX_SAFE_INTEGER);
  return {
    size,
    async read(start, end) {
      const bytes = args.bytes(await source.read(start, end), 'what read() gives');
      if (bytes.length === end - start) return bytes;
      throw invalid(`read(${start}, ${end}) gave ${bytes.length} bytes, not ${end - start}`);
    },
    close: nothing,
  };
}

/**
 * @param {unknown} source
 * @returns {source is import('node:fs/promises').FileHandle}
 */
function isFileHandle(source) {
  return typeof source === 'object' && source !== null && 'fd' in source && 'stat' in source;
}

/**
 * @param {unknown} source
 * @returns {source is import('../index').RangedSource}
 */
function isRangedSource(source) {
  return typeof source === 'object' && source !== null && 'size' in source && 'read' in source;
}

/**
 * @param {string} path
 * @param {NodeJS.ErrnoException} error
 */
function fileError(path, error) {
  if (error.code === 'ENOENT') {
    const message = `'${path}' does not exist; check the path`;
    return new EnvelopeError('ERR_ENVELOPE_FILE_NOT_FOUND', message, { cause: error });
  }
  const message = `'${path}' cannot be opened; see the cause`;
  return new EnvelopeError('ERR_ENVELOPE_FILE', message, { cause: error });
}

async function nothing() {}

module.exports = { filePath, openSource };
