'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { pack } = require('../../scripts/pack');

/**
 * The packed package of this platform, laid out in the node_modules of a folder.
 *
 * @param {string} project
 * @returns {{ main: string, platform: string, addon: string }} its folders, and its binary
 */
function installPacked(project) {
  const modules = path.join(project, 'node_modules');
  const tarballs = pack(path.join(project, 'tarballs'));
  const platforms = tarballs.platforms.map(({ name, tarball }) => {
    return unpack(tarball, path.join(modules, name));
  });
  const platform = platforms.find((folder) => folder.includes(`-${process.platform}-`));
  const name = fs.readdirSync(platform).find((file) => file.endsWith('.node'));
  const main = unpack(tarballs.main, path.join(modules, 'kms-envelope'));
  return { main, platform, addon: path.join(platform, name) };
}

function unpack(tarball, folder) {
  fs.mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
  return folder;
}

module.exports = { installPacked };
