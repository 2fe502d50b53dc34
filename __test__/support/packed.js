'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { pack } = require('../../scripts/pack');

/** The variable with a folder that the test files of one run share the tarballs in. */
const SHARED_PACKED = 'KMS_ENVELOPE_TEST_PACKED';

/**
 * The tarballs of the package and its platforms, made once for all test files of a run.
 *
 * @param {string} outDir where they are made if the files of this run share none
 * @returns {ReturnType<typeof pack>}
 */
function packOnce(outDir) {
  const shared = process.env[SHARED_PACKED];
  if (!shared) return pack(outDir);
  const list = path.join(shared, 'packed.json');
  if (!fs.existsSync(list)) {
    // Two files may come here at once: both pack, and one of the lists stays.
    const folder = fs.mkdtempSync(path.join(shared, 'packed-'));
    const finished = path.join(folder, 'packed.json');
    fs.writeFileSync(finished, JSON.stringify(pack(folder)));
    fs.renameSync(finished, list);
  }
  return JSON.parse(fs.readFileSync(list, 'utf8'));
}

/**
 * The packed package of this platform, laid out in the node_modules of a folder.
 *
 * @param {string} project
 * @returns {{ main: string, platform: string, addon: string, tarballs: ReturnType<typeof pack> }} its
 *   folders, its binary, and what it was unpacked from
 */
function installPacked(project) {
  const modules = path.join(project, 'node_modules');
  const tarballs = packOnce(path.join(project, 'tarballs'));
  const platforms = tarballs.platforms.map(({ name, tarball }) => {
    return unpack(tarball, path.join(modules, name));
  });
  const platform = platforms.find((folder) => folder.includes(`-${process.platform}-`));
  const name = fs.readdirSync(platform).find((file) => file.endsWith('.node'));
  const main = unpack(tarballs.main, path.join(modules, 'kms-envelope'));
  return { main, platform, addon: path.join(platform, name), tarballs };
}

function unpack(tarball, folder) {
  fs.mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
  return folder;
}

module.exports = { SHARED_PACKED, installPacked, packOnce };
