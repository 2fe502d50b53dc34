'use strict';

const { execFileSync } = require('node:child_process');
const path = require('node:path');

const { runMain } = require('./run-main.js');

/** The glibc of the oldest systems that the binaries of Node.js 20 run on. */
const OLDEST = '2.28';

/**
 * Returns the symbols that keep a native file from loading with a version of glibc: those of later
 * versions, and those without a version, unless they are weak or Node-API's, which Node.js provides.
 *
 * @param {string} file an ELF file
 * @param {string} version such as `2.28`
 */
function tooNew(file, version) {
  const table = execFileSync('objdump', ['--dynamic-syms', file]).toString();
  return undefinedSymbols(table).filter(({ name, weak, needs }) => {
    if (needs === '') return !weak && !/^(napi|node_api)_/.test(name);
    const [, glibc] = /^GLIBC_([\d.]+)$/.exec(needs) ?? [];
    return glibc !== undefined && isLater(glibc, version);
  });
}

/** Returns the newest version of glibc that a native file asks for. */
function needed(file) {
  const table = execFileSync('objdump', ['--dynamic-syms', file]).toString();
  const versions = undefinedSymbols(table).flatMap(
    ({ needs }) => /^GLIBC_([\d.]+)$/.exec(needs)?.[1] ?? [],
  );
  return versions.reduce((newest, next) => (isLater(next, newest) ? next : newest), '0');
}

/** Returns the undefined symbols in objdump's table; `needs` is '' without a version, shown as `Base`. */
function undefinedSymbols(table) {
  const line = /^\S+ +(\S*) +\S* *\*UND\*\s+\S+\s+(?:Base\s+|\(?(\w+_[\d.]+)\)?\s+)?(\S+)$/gm;
  return [...table.matchAll(line)].map(([, flags, needs = '', name]) => {
    return { name, needs, weak: flags === 'w' };
  });
}

function isLater(version, than) {
  return version.localeCompare(than, 'en', { numeric: true }) > 0;
}

/** `node scripts/glibc.js FILE...`: fails if one of the addons does not load where glibc is 2.28. */
function main(files) {
  if (files.length === 0) throw new Error('node scripts/glibc.js FILE...');
  for (const file of files) {
    const symbols = tooNew(file, OLDEST);
    for (const { name, needs } of symbols) console.error(`${name} ${needs || 'without a version'}`);
    if (symbols.length > 0) throw new Error(`${path.basename(file)} needs more than ${OLDEST}`);
    console.log(`${path.basename(file)} needs glibc ${needed(file)}`);
  }
}

if (require.main === module) runMain(main, process.argv.slice(2));

module.exports = { OLDEST, needed, tooNew };
