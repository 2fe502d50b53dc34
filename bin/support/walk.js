'use strict';

const fs = require('node:fs/promises');
const path = require('node:path');

/**
 * What a folder holds: a file; or why it is ignored, or cannot be read.
 *
 * @typedef {{ file: string, size?: number, ignored?: string, error?: unknown }} Entry
 */

/**
 * All that lies in a folder and in the folders below, in the order of the names.
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
    entries = await fs.readdir(folder, { withFileTypes: true });
  } catch (error) {
    yield { file: below, error };
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(below, entry.name);
    if (entry.isDirectory()) yield* walk(root, excluded, file);
    else yield await describe(root, file, entry);
  }
}

/**
 * @param {string} root
 * @param {string} file
 * @param {import('node:fs').Dirent} entry
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
