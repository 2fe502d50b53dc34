'use strict';

const { execFileSync } = require('node:child_process');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/**
 * Returns what is in the binary of a platform, in CycloneDX's format.
 *
 * @param {{ name: string, version: string, license: string }} manifest of the package
 * @param {ReturnType<typeof import('./crates').cratesIn>} crates
 */
function sbomOfBinary({ name, version, license }, crates) {
  const components = crates.map((crate) => ({
    type: 'library',
    'bom-ref': purl(crate),
    name: crate.name,
    version: crate.version,
    purl: purl(crate),
    // An older way to say "or", which is no SPDX expression.
    licenses: [{ expression: crate.license.replace(/ *\/ */g, ' OR ') }],
    ...(crate.checksum && { hashes: [{ alg: 'SHA-256', content: crate.checksum }] }),
  }));
  const ref = `pkg:npm/${name}@${version}`;
  const component = { type: 'library', 'bom-ref': ref, name, version, purl: ref };
  return document({ ...component, licenses: [{ license: { id: license } }] }, components);
}

/**
 * Returns what npm installs along with the main package, in CycloneDX's format, as npm lists it.
 *
 * @param {{ name: string }} manifest of the package, which npm names by its folder
 */
function sbomOfPackage({ name }) {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--omit', 'dev'];
  // npm is a script on Windows, which only a shell starts.
  const options = { cwd: ROOT, shell: process.platform === 'win32', maxBuffer: 2 ** 30 };
  const listed = JSON.parse(execFileSync('npm', args, options).toString());
  const component = { ...listed.metadata.component, name };
  return { ...document(component, listed.components), dependencies: listed.dependencies };
}

/** Returns the document, without a serial number and a date: the same sources give the same package. */
function document(component, components) {
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component },
    components,
  };
}

function purl({ name, version }) {
  return `pkg:cargo/${name}@${version}`;
}

module.exports = { sbomOfBinary, sbomOfPackage };
