'use strict';

const { O_NONBLOCK = 0, O_RDONLY } = require('node:fs').constants;
const fs = require('node:fs/promises');
const { fileURLToPath } = require('node:url');

const args = require('./arguments.js');
const { EnvelopeError, invalid } = require('./errors.js');
const { shownPath } = require('./foreign_text.js');

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
  const { length: size } = bytes;
  return {
    size,
    async read(start, end) {
      args.checkUnchanged(bytes, size);
      return bytes.subarray(start, end);
    },
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
  try {
    return fileURLToPath(value);
  } catch (error) {
    throw invalid(
      `${name} must be a file: URL of a local path; ${/** @type {Error} */ (error).message}`,
    );
  }
}

/** @param {string} path */
async function openFile(path) {
  // A named pipe is refused, not waited for.
  const handle = await fs.open(path, O_RDONLY | O_NONBLOCK).catch((error) => {
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
  const stat = await handle.stat().catch(unreadable);
  if (!stat.isFile()) {
    throw new EnvelopeError('ERR_ENVELOPE_FILE', 'the source is not a file; give the path of one');
  }
  return {
    size: stat.size,
    async read(/** @type {number} */ start, /** @type {number} */ end) {
      const buffer = Buffer.allocUnsafe(end - start);
      let done = 0;
      while (done < buffer.length) {
        const left = buffer.length - done;
        const { bytesRead } = await handle.read(buffer, done, left, start + done).catch(unreadable);
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
  const { size, read } = /** @type {any} */ (source ?? {});
  return size !== undefined && typeof read === 'function';
}

/**
 * @param {string} path
 * @param {NodeJS.ErrnoException} error
 */
function fileError(path, error) {
  if (error.code === 'ENOENT') {
    const message = `'${shownPath(path)}' does not exist; check the path`;
    return new EnvelopeError('ERR_ENVELOPE_FILE_NOT_FOUND', message, { cause: error });
  }
  const message = `'${shownPath(path)}' cannot be opened; see the cause`;
  return new EnvelopeError('ERR_ENVELOPE_FILE', message, { cause: error });
}

/**
 * @param {unknown} cause
 * @returns {never}
 */
function unreadable(cause) {
  const message = 'the source cannot be read; see the cause';
  throw new EnvelopeError('ERR_ENVELOPE_FILE', message, { cause });
}

async function nothing() {}

module.exports = { filePath, openSource };
