'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { temporaryFolder } = require('./files');

const ROOT = path.join(__dirname, '..', '..');

/**
 * Returns a temporary folder for programs that import packages. It has a manifest of its own: else a
 * manifest in a folder above would decide what `kms-envelope` means, if that is its name.
 */
function projectFolder() {
  const folder = temporaryFolder();
  const manifest = { name: 'project', private: true };
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  return folder;
}

/**
 * Returns such a folder with this package in its `node_modules`.
 *
 * @param {Record<string, string>} [others] where more packages lie, by their names
 */
function linkedProject(others = {}) {
  const folder = projectFolder();
  const modules = path.join(folder, 'node_modules');
  fs.mkdirSync(modules);
  for (const [name, place] of Object.entries({ 'kms-envelope': ROOT, ...others })) {
    fs.symlinkSync(place, path.join(modules, name), 'junction');
  }
  return folder;
}

module.exports = { linkedProject, projectFolder };
