'use strict';

const { O_NONBLOCK = 0, O_RDONLY } = require('node:fs').constants;
const fs = require('node:fs/promises');
const { isProxy } = require('node:util').types;

const args = require('../input/index.js');
const { withinDeadline } = require('./deadline.js');
const { EnvelopeError, invalid } = require('../errors.js');
const { shownPath, systemError } = require('../foreign-text.js');
const { filePath, isPath } = require('../input/path.js');

/** How long one read of a source may take, in milliseconds, unless the source says otherwise. */
const READ_TIMEOUT_MS = 120_000;
const DAY = 86_400_000;

/**
 * Where a message lies, to be read by ranges.
 *
 * @typedef {{
 *   size: number,
 *   read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>,
 *   close(): Promise<void>,
 * }} Source
 */

/** @typedef {import('node:fs/promises').FileHandle} FileHandle */
/** @typedef {{ size: unknown, timeoutMs?: unknown, read: Function }} RangedSource */

/**
 * Opens a message in memory, at a path, in an open file, or behind a reader of the caller's.
 *
 * @param {unknown} source
 * @returns {Promise<Source>}
 */
async function openSource(source) {
  if (isPath(source)) return openFile(filePath(source));
  const found = sourceKind(source);
  if (found === 'handle') return fileSource(/** @type {FileHandle} */ (source), doNothing);
  if (found) return rangedSource(source, found);
  const bytes = args.bytes(source, 'the source');
  const { length: size } = bytes;
  return {
    size,
    async read(start, end) {
      args.checkUnchanged(bytes, size);
      return bytes.subarray(start, end);
    },
    close: doNothing,
  };
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
 * @param {FileHandle} handle of Node.js, or of a library that has the same methods
 * @param {() => Promise<void>} close
 * @returns {Promise<Source>}
 */
async function fileSource(handle, close) {
  const stat = await asked(() => handle.stat());
  if (!(await asked(() => stat.isFile()))) {
    throw new EnvelopeError('ERR_ENVELOPE_FILE', 'the source is not a file; give the path of one');
  }
  return {
    size: args.integer(stat.size, 'the size of the source', 0, Number.MAX_SAFE_INTEGER),
    async read(start, end, signal) {
      const buffer = Buffer.allocUnsafe(end - start);
      let done = 0;
      while (done < buffer.length) {
        const left = buffer.length - done;
        const read = () => handle.read(buffer, done, left, start + done);
        const { bytesRead } = await asked(read, signal);
        // A file that was cut meanwhile is a message that was cut.
        if (args.integer(bytesRead, 'bytesRead', 0, left) === 0) break;
        done += bytesRead;
      }
      return buffer.subarray(0, done);
    },
    close,
  };

  /**
   * @template T
   * @param {() => T | Promise<T>} ask
   * @param {AbortSignal} [signal]
   */
  function asked(ask, signal) {
    return withinDeadline(READ_TIMEOUT_MS, async () => ask(), signal).catch(unreadable);
  }
}

/**
 * @param {unknown} source
 * @param {RangedSource} ranged what it had when it was looked at
 * @returns {Source}
 */
function rangedSource(source, { size, timeoutMs = READ_TIMEOUT_MS, read }) {
  const timeout = args.integer(timeoutMs, 'timeoutMs', 1, DAY);
  return {
    size: args.integer(size, 'size', 0, Number.MAX_SAFE_INTEGER),
    async read(start, end, signal) {
      const ask = async () => read.call(source, start, end);
      const answer = await withinDeadline(timeout, ask, signal);
      const bytes = args.bytes(answer, 'what read() gives');
      if (bytes.length === end - start) return bytes;
      throw invalid(`read(${start}, ${end}) gave ${bytes.length} bytes, not ${end - start}`);
    },
    close: doNothing,
  };
}

/**
 * Returns `handle` for an object with a file descriptor, the properties of one that reads ranges, and
 * nothing for any other. Each property is read once.
 *
 * @param {any} source
 * @returns {'handle' | RangedSource | undefined}
 */
function sourceKind(source) {
  if (typeof source !== 'object' || source === null) return undefined;
  try {
    if (!isProxy(source) && 'fd' in source && typeof source.stat === 'function') return 'handle';
    const { size, timeoutMs, read } = source;
    return size !== undefined && typeof read === 'function' ? { size, timeoutMs, read } : undefined;
  } catch {
    throw invalid('the source cannot be read: a getter of it throws');
  }
}

/**
 * @param {string} path
 * @param {NodeJS.ErrnoException} error
 */
function fileError(path, error) {
  if (error.code === 'ENOENT') {
    const message = `'${shownPath(path)}' does not exist; check the path`;
    return new EnvelopeError('ERR_ENVELOPE_FILE_NOT_FOUND', message, { cause: systemError(error) });
  }
  const message = `'${shownPath(path)}' cannot be opened; check the path and its permissions`;
  return new EnvelopeError('ERR_ENVELOPE_FILE', message, { cause: systemError(error) });
}

/**
 * @param {unknown} cause
 * @returns {never}
 */
function unreadable(cause) {
  if (cause instanceof EnvelopeError && cause.code === 'ERR_ENVELOPE_SOURCE_TIMEOUT') throw cause;
  const message = 'the source cannot be read; check the file and the disk';
  throw new EnvelopeError('ERR_ENVELOPE_FILE', message, { cause: systemError(cause) });
}

async function doNothing() {}

module.exports = { openSource };
