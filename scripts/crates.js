'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const ARCHITECTURES = { x64: 'x86_64', arm64: 'aarch64' };
const SYSTEMS = {
  'linux-gnu': 'unknown-linux-gnu',
  'linux-musl': 'unknown-linux-musl',
  darwin: 'apple-darwin',
  'win32-msvc': 'pc-windows-msvc',
};

/**
 * Returns the crates whose code is in the binary of a platform, sorted by name.
 *
 * @param {string} platform a folder under npm/, such as `linux-x64-gnu`
 * @returns {Array<{ name: string, version: string, license: string, authors: string[],
 *   source: string | null, folder: string, checksum: string | undefined }>}
 */
function cratesIn(platform) {
  const { packages, resolve } = metadata(rustTarget(platform));
  const byId = new Map(packages.map((entry) => [entry.id, entry]));
  const edges = new Map(resolve.nodes.map(({ id, deps }) => [id, deps]));
  const linked = new Set();
  const addWithDependencies = (id) => {
    if (linked.has(id)) return;
    linked.add(id);
    // Of the kinds of dependencies, `null` is neither for builds nor for tests.
    const used = edges.get(id).filter((edge) => edge.dep_kinds.some(({ kind }) => kind === null));
    for (const { pkg } of used) if (!isMacro(byId.get(pkg))) addWithDependencies(pkg);
  };
  addWithDependencies(resolve.root);
  linked.delete(resolve.root);
  const checksums = lockedChecksums();
  return [...linked]
    .map((id) => byId.get(id))
    .map(({ name, version, license, authors, source, manifest_path: manifest }) => ({
      name,
      version,
      license,
      authors,
      source,
      folder: path.dirname(manifest),
      checksum: checksums.get(`${name} ${version}`),
    }))
    .sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

/** Returns Rust's target triple of a platform: `x86_64-unknown-linux-gnu` for `linux-x64-gnu`. */
function rustTarget(platform) {
  const [system, architecture, abi] = platform.split('-');
  return `${ARCHITECTURES[architecture]}-${SYSTEMS[abi ? `${system}-${abi}` : system]}`;
}

function metadata(target) {
  const args = ['metadata', '--format-version', '1', '--locked', '--features', 'node'];
  const options = { cwd: ROOT, maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'pipe'] };
  return JSON.parse(
    execFileSync('cargo', [...args, '--filter-platform', target], options).toString(),
  );
}

/** Returns whether a crate is a procedural macro: it runs while the addon is built, and is not part of it. */
function isMacro({ targets }) {
  return targets.some(({ kind }) => kind.includes('proc-macro'));
}

/** Returns the SHA-256 of each crate's archive, by `name version`, as Cargo.lock has it. */
function lockedChecksums() {
  const lock = fs.readFileSync(path.join(ROOT, 'Cargo.lock'), 'utf8');
  const entries = lock.matchAll(/name = "(.+)"\nversion = "(.+)"\nsource = .+\nchecksum = "(.+)"/g);
  return new Map([...entries].map(([, name, version, hash]) => [`${name} ${version}`, hash]));
}

module.exports = { cratesIn };
