'use strict';

const fs = require('node:fs');
const path = require('node:path');

const MAX_LINES = 300;
const FOLDERS = ['lib', 'bin', 'scripts', 'benchmark', '__test__'];
/** Folders of others, and of what is made. */
const NOT_OURS = ['node_modules', 'target'];
/** What may be longer, and why. */
const LONG = {
  'lib/envelope.js': 'one method for each call of the public class',
  '__test__/support/hostile-calls.js': 'a table of data',
};

/**
 * Returns where the JavaScript of the tree at `root` is too long, or imports itself in a circle.
 *
 * @param {string} root
 * @returns {{ file: string, line: number, message: string }[]}
 */
function checkJavaScript(root) {
  const files = FOLDERS.flatMap((folder) => filesUnder(root, folder));
  const read = (/** @type {string} */ file) => fs.readFileSync(path.join(root, file), 'utf8');
  return [
    ...files.flatMap((file) => checkLength(file, read(file))),
    ...checkCircles(
      files.filter((file) => file.startsWith('lib/')),
      read,
    ),
  ];
}

/**
 * @param {string} file
 * @param {string} source
 */
function checkLength(file, source) {
  const lines = source.trimEnd().split('\n').length;
  if (lines <= MAX_LINES || Object.hasOwn(LONG, file)) return [];
  const message = `${lines} lines, at most ${MAX_LINES}: split it by idea`;
  return [{ file, line: MAX_LINES + 1, message }];
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
 * Returns the files of lib/ that a file loads, at once or later.
 *
 * @param {string} file
 * @param {string} source
 */
function importsOf(file, source) {
  const loads = [...source.matchAll(/^.*?\brequire\('(\.[^']*)'\)/gm)];
  const code = loads.filter(([text]) => !/^\s*(\/\/|\*|\/\*)/.test(text));
  return code.map(({ 1: name, index }) => {
    const target = path.posix.join(path.posix.dirname(file), name);
    const loaded = target.endsWith('.js') ? target : `${target}.js`;
    return { loaded, line: source.slice(0, index).split('\n').length };
  });
}

/**
 * @param {string} root
 * @param {string} folder
 */
function filesUnder(root, folder) {
  if (!fs.existsSync(path.join(root, folder))) return [];
  const entries = fs.readdirSync(path.join(root, folder), { withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return NOT_OURS.includes(entry.name) ? [] : filesUnder(root, name);
      return /\.(js|mjs|cjs)$/.test(name) ? [name] : [];
    })
    .sort();
}

module.exports = { checkJavaScript };
