'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { ROOT } = require('../../scripts/prepare');
const { pack } = require('../../scripts/pack');
const { run } = require('../lib/child');
const { installedSize } = require('../lib/installed');

const BLOAT = { name: 'cargo-bloat', version: '0.12.1' };
const TOOLS = path.join(ROOT, 'target', 'tools');

/** What is downloaded and installed; and what in the addon takes how much of it. */
async function size({ quick }) {
  const groups = [
    { name: 'addon', figures: { 'the addon': addonSize() } },
    { name: 'installed', figures: installed() },
  ];
  return quick ? groups : [...groups, { name: 'code in the addon', figures: await crates() }];
}

function addonSize() {
  const name = fs.readdirSync(ROOT).find((entry) => entry.endsWith('.node'));
  return fs.statSync(path.join(ROOT, name)).size;
}

function installed() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-size-'));
  try {
    const { main, platforms } = pack(folder);
    const platform = platforms.find(({ name }) =>
      name.includes(`${process.platform}-${process.arch}`),
    );
    const download = [main, platform.tarball].reduce(
      (sum, file) => sum + fs.statSync(file).size,
      0,
    );
    const figures = { 'kms-envelope, as it is downloaded': download };
    for (const name of ['@aws-crypto/client-node', '@aws-sdk/client-kms', 'age-encryption']) {
      const { bytes, packages } = installedSize(name);
      figures[`${name}, installed, ${packages} packages`] = bytes;
    }
    return figures;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** The machine code of each crate in the addon, from a build that keeps its symbols: in bytes. */
async function crates() {
  const { name, version } = BLOAT;
  const cargo = (args, options) =>
    run('cargo', args, { cwd: ROOT, maxBuffer: 2 ** 26, ...options });
  await cargo(['install', name, '--version', version, '--locked', '--root', TOOLS]);
  const target = path.join(ROOT, 'target', 'symbols');
  const options = ['--release', '--features', 'node', '--lib', '--target-dir', target];
  const env = {
    ...process.env,
    CARGO_PROFILE_RELEASE_STRIP: 'none',
    PATH: `${path.join(TOOLS, 'bin')}${path.delimiter}${process.env.PATH}`,
  };
  const report = ['--crates', '-n', '25', '--message-format', 'json'];
  const { stdout } = await cargo(['bloat', ...options, ...report], { env });
  const { crates: found } = JSON.parse(stdout);
  return Object.fromEntries(found.map(({ name: crate, size: bytes }) => [crate, bytes]));
}

module.exports = { size };
