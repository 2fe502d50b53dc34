'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { filesUnder } = require('./check-lengths.js');

/** The folders whose files must not import each other in a circle, in JavaScript or TypeScript. */
const FOLDERS = ['lib', 'integrations', 'bin', 'scripts', 'benchmark', 'service/src'];

const JAVASCRIPT_LOAD = /^.*?\brequire\('(?<name>\.[^']*)'\)/gm;
/** `import` and `export ... from`, perhaps of several lines. */
const TYPESCRIPT_LOAD = /^(?:import|export(?=\s*(?:type\b|[*{])))\b[^;"]*"(?<name>\.[^"]*)"/gm;
/** The same where only types are named, which loads nothing. */
const OF_TYPES = /^(?:import|export)\s+(?:type\b|\{(?:\s*type\s+[^,}]+,?)+\s*\})/;

/**
 * Returns where a file of a folder of `FOLDERS`, in the tree at `root`, imports itself in a circle.
 *
 * @param {string} root
 * @returns {{ file: string, line: number, message: string }[]}
 */
function checkImportCircles(root) {
  const read = (/** @type {string} */ file) => fs.readFileSync(path.join(root, file), 'utf8');
  const files = FOLDERS.flatMap((folder) => filesUnder(root, folder, /(?<!\.d)\.[jt]s$/));
  return checkCircles(files, read);
}

/**
 * Follows the imports of each file, and reports each circle at the import that closes it.
 *
 * @param {string[]} files
 * @param {(file: string) => string} read
 */
function checkCircles(files, read) {
  const imports = new Map(files.map((file) => [file, importsOf(file, read(file))]));
  const done = new Set();
  /** @type {{ file: string, line: number, message: string }[]} */
  const found = [];
  for (const file of files) follow(file, []);
  return found;

  /**
   * @param {string} file
   * @param {string[]} way the files that led here, from the first
   */
  function follow(file, way) {
    for (const { loaded, line } of imports.get(file) ?? []) {
      const circle = [...way, file];
      const start = circle.indexOf(loaded);
      if (start >= 0) {
        const message = `import circle: ${[...circle.slice(start), loaded].join(' -> ')}`;
        found.push({ file, line, message });
      } else if (!done.has(loaded)) follow(loaded, circle);
    }
    done.add(file);
  }
}

/**
 * Returns the files of the tree that a file loads, at once or later. A type that is imported loads nothing.
 *
 * @param {string} file
 * @param {string} source
 */
function importsOf(file, source) {
  const isTypeScript = file.endsWith('.ts');
  const loads = [...source.matchAll(isTypeScript ? TYPESCRIPT_LOAD : JAVASCRIPT_LOAD)];
  const code = loads.filter(([text]) => !OF_TYPES.test(text) && !/^\s*(\/\/|\*|\/\*)/.test(text));
  return code.map(({ 0: text, groups, index }) => {
    const target = path.posix.join(path.posix.dirname(file), groups?.name ?? '');
    const line = source.slice(0, index + text.length).split('\n').length;
    return { loaded: isTypeScript ? target.replace(/\.js$/, '.ts') : withEnding(target), line };
  });
}

/** @param {string} target */
function withEnding(target) {
  return target.endsWith('.js') ? target : `${target}.js`;
}

module.exports = { checkImportCircles };
