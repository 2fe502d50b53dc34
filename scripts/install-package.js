'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { hash, once, ROOT } = require('./once');

/** The files of the package that a program loads, but for the addon. */
const FILES = ['package.json', 'index.js', 'index.d.ts', 'integrations', 'lib', 'types'];

/**
 * Copies the package into the `node_modules` of a folder. Through a link the integrations would not find
 * the frameworks that are installed there.
 *
 * @param {string} folder
 */
function installPackage(folder) {
  const modules = path.join(folder, 'node_modules');
  const target = path.join(modules, 'kms-envelope');
  const names = [...FILES, ...fs.readdirSync(ROOT).filter((name) => name.endsWith('.node'))];
  once(
    path.join(modules, '.kms-envelope'),
    hash([], names),
    () => isCopy(target),
    () => {
      fs.rmSync(target, { recursive: true, force: true });
      for (const name of names) {
        fs.cpSync(path.join(ROOT, name), path.join(target, name), { recursive: true });
      }
    },
  );
}

/** Returns whether the package is there as a copy, and not as a link. */
function isCopy(target) {
  return fs.lstatSync(target, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

module.exports = { installPackage };
