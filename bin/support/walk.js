'use strict';

const { isUtf8 } = require('node:buffer');
const fs = require('node:fs/promises');
const path = require('node:path');

const { Failure } = require('./errors.js');

/**
 * What a folder holds: a file; or why it is ignored, or cannot be read.
 *
 * @typedef {{ file: string, size?: number, ignored?: string, error?: unknown }} Entry
 */

/**
 * Yields all that lies in a folder and in the folders below, in the order of the names.
 *
 * @param {string} root
 * @param {string | undefined} excluded the path, from the root, of a folder to leave out
 * @param {string} [below] where in the root to go on
 * @returns {AsyncGenerator<Entry>}
 */
async function* walk(root, excluded, below = '') {
  if (below === excluded) return;
  const folder = path.join(root, below);
  let entries;
  try {
    entries = await read(folder);
  } catch (error) {
    yield { file: below, error };
    return;
  }
  for (const { name, isText, entry } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(below, name);
    if (!isText) yield { file, error: notText(path.join(root, file)) };
    else if (entry.isDirectory()) yield* walk(root, excluded, file);
    else yield await describe(root, file, entry);
  }
}

/**
 * Returns what a folder holds, with names as text; `isText` if they can be had back from that.
 *
 * @param {string} folder
 */
async function read(folder) {
  const entries = await fs.readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  return entries.map((entry) => {
    const name = Buffer.from(entry.name);
    return { name: name.toString(), isText: isUtf8(name), entry };
  });
}

/** @param {string} place */
function notText(place) {
  return new Failure('FILE', `the name of '${place}' is not UTF-8; rename it`);
}

/**
 * @param {string} root
 * @param {string} file
 * @param {{ isSymbolicLink(): boolean, isFile(): boolean }} entry
 * @returns {Promise<Entry>}
 */
async function describe(root, file, entry) {
  if (entry.isSymbolicLink()) return { file, ignored: 'a symbolic link' };
  if (!entry.isFile()) return { file, ignored: 'not a regular file' };
  try {
    return { file, size: (await fs.lstat(path.join(root, file))).size };
  } catch (error) {
    return { file, error };
  }
}

/** @param {string} place */
function isFolder(place) {
  return fs.stat(place).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
}

module.exports = { isFolder, walk };
