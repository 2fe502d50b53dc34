'use strict';

const fs = require('node:fs');
const path = require('node:path');

const MAX_LINES = 300;
/** The folders whose files are checked, and what the names of those files match. */
const FOLDERS = {
  src: /\.rs$/,
  tests: /\.rs$/,
  benches: /\.rs$/,
  fuzz: /\.rs$/,
  lib: /\.js$/,
  integrations: /\.[mc]?[jt]s$/,
  bin: /\.js$/,
  scripts: /\.js$/,
  benchmark: /\.[mc]?js$/,
  examples: /\.[mc]?[jt]s$/,
  __test__: /\.[mc]?[jt]sx?$/,
  service: /\.[mc]?[jt]s$/,
};
/** Folders within them that hold installed or generated files. */
const IGNORED = new Set(['node_modules', 'dist', 'target']);
/** Files that may be longer, each with the reason. */
const EXEMPT = {
  '__test__/support/hostile-calls.js': 'a table of data',
};

/**
 * Returns the files of the tree at `root` that are too long.
 *
 * @param {string} root
 * @returns {{ file: string, line: number, message: string }[]}
 */
function checkLengths(root) {
  return Object.entries(FOLDERS)
    .flatMap(([folder, kind]) => filesUnder(root, folder, kind))
    .filter((file) => !Object.hasOwn(EXEMPT, file))
    .flatMap((file) => checkLength(file, fs.readFileSync(path.join(root, file), 'utf8')));
}

/**
 * Returns the files of a folder and of those in it, sorted.
 *
 * @param {string} root
 * @param {string} folder
 * @param {RegExp} kind what a file's name must match
 * @returns {string[]}
 */
function filesUnder(root, folder, kind) {
  if (!fs.existsSync(path.join(root, folder))) return [];
  const entries = fs.readdirSync(path.join(root, folder), { withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return IGNORED.has(entry.name) ? [] : filesUnder(root, name, kind);
      return entry.isFile() && kind.test(name) ? [name] : [];
    })
    .sort();
}

/**
 * @param {string} file
 * @param {string} source
 */
function checkLength(file, source) {
  const lines = source.trimEnd().split('\n').length;
  if (lines <= MAX_LINES) return [];
  const message = `${lines} lines, at most ${MAX_LINES}: split it by idea`;
  return [{ file, line: MAX_LINES + 1, message }];
}

module.exports = { checkLengths, filesUnder };
