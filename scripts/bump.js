'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { releaseFile } = require('../benchmark/lib/history');

/** The files that state the version, each with the text just before it. */
const TEXT_BEFORE_VERSION = {
  'package.json': /"version": "/,
  'lib/native/version.js': /VERSION = '/,
  'package-lock.json': /"name": "kms-envelope",\n\s+"version": "/g,
  'Cargo.toml': /name = "kms-envelope"\nversion = "/,
  'Cargo.lock': /name = "kms-envelope"\nversion = "/,
  'fuzz/Cargo.lock': /name = "kms-envelope"\nversion = "/,
  'service/package.json': /"version": "/,
  'service/package-lock.json': /"name": "kms-envelope-service",\n\s+"version": "/g,
  'docs/command-line.md': /\{"ok":true,"version":"/,
};

/**
 * Sets the version in every place, closes the part *Unreleased* of the changelog, and keeps what the
 * benchmarks measured of this release.
 *
 * @param {string} root the repository
 * @param {string} version
 * @param {string} date such as `2026-12-31`
 * @returns {string[]} the files that were written
 */
function bump(root, version, date) {
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)) {
    throw new Error(`${version} is no version such as 1.2.3`);
  }
  const platforms = fs
    .readdirSync(path.join(root, 'npm'))
    .map((name) => `npm/${name}/package.json`);
  const places = {
    ...TEXT_BEFORE_VERSION,
    ...Object.fromEntries(platforms.map((file) => [file, /"version": "/])),
  };
  // Every text is ready before the first is written: a mistake leaves all files as they were.
  const texts = Object.entries(places).map(([file, before]) => [
    file,
    withVersion(
      file,
      read(root, file),
      new RegExp(`(${before.source})[^"']+`, before.flags),
      version,
    ),
  ]);
  texts.push(['CHANGELOG.md', withReleaseHeading(read(root, 'CHANGELOG.md'), version, date)]);
  texts.push(releaseFile(read(root, 'benchmark/results.json'), version, date));
  for (const [file, text] of texts) {
    const target = path.join(root, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
  }
  return texts.map(([file]) => file);
}

/** Returns a file's text with the new version wherever the pattern finds one. */
function withVersion(file, text, pattern, version) {
  if (text.search(pattern) < 0) throw new Error(`${file} has no version where one is expected`);
  return text.replace(pattern, (_, before) => `${before}${version}`);
}

/** Returns the changelog with what was *Unreleased* under the heading of the release. */
function withReleaseHeading(changelog, version, date) {
  const heading = '## [Unreleased]\n';
  if (!changelog.includes(heading)) throw new Error('CHANGELOG.md has no part Unreleased');
  if (changelog.includes(`## [${version}]`)) throw new Error(`CHANGELOG.md has ${version} already`);
  return changelog.replace(heading, `${heading}\n## [${version}] - ${date}\n`);
}

function read(root, file) {
  return fs.readFileSync(path.join(root, file), 'utf8');
}

/** `node scripts/bump.js X.Y.Z`: prints the files that it wrote. */
if (require.main === module) {
  try {
    const today = new Date().toISOString().slice(0, 10);
    const files = bump(path.join(__dirname, '..'), process.argv[2] ?? '', today);
    for (const file of files) console.log(file);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

module.exports = { bump };
