'use strict';

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/**
 * Returns what installing a package brings: its size with all that it needs, in bytes, and how many packages
 * these are.
 *
 * @param {string} name a package in the benchmarks' own node_modules
 */
function installedSize(name) {
  const folders = new Set();
  visit(name, ROOT, folders);
  const sizes = [...folders].map(sizeOf);
  return { bytes: sizes.reduce((sum, size) => sum + size, 0), packages: folders.size };
}

function visit(name, from, folders) {
  const folder = find(name, from);
  if (folders.has(folder)) return;
  folders.add(folder);
  const { dependencies = {} } = JSON.parse(
    fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
  );
  for (const dependency of Object.keys(dependencies)) visit(dependency, folder, folders);
}

/** As Node.js looks for it: in each node_modules on the way up. */
function find(name, from) {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'node_modules', name);
    if (fs.existsSync(candidate)) return candidate;
    if (folder === ROOT) throw new Error(`${name} is not installed`);
  }
}

/** Returns the files of a package, without those of packages inside it. */
function sizeOf(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return sum + (entry.name === 'node_modules' ? 0 : sizeOf(file));
    return sum + (entry.isFile() ? fs.statSync(file).size : 0);
  }, 0);
}

module.exports = { installedSize };
