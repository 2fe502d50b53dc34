'use strict';

const fs = require('node:fs');

/** What there are prebuilt binaries for: one folder each under npm/. */
const PLATFORMS = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-arm64-msvc',
  'win32-x64-msvc',
];

/** Returns the name of this platform, whether or not there is a binary for it. */
function platformName() {
  const { platform, arch } = process;
  if (platform === 'win32') return `${platform}-${arch}-msvc`;
  return platform === 'linux' ? `${platform}-${arch}-${libc()}` : `${platform}-${arch}`;
}

/** Whose C library this process runs on; `ldd` tells it in microseconds, where there is one. */
function libc() {
  try {
    return fs.readFileSync('/usr/bin/ldd', 'latin1').includes('musl') ? 'musl' : 'gnu';
  } catch {
    return glibcVersion() === undefined ? 'musl' : 'gnu';
  }
}

/**
 * Returns the version of glibc, if this process runs on it.
 *
 * @returns {string | undefined}
 */
function glibcVersion() {
  const report = /** @type {any} */ (process.report);
  if (!report) return undefined;
  const { excludeNetwork } = report;
  // Looking up the names of its connections may take seconds.
  report.excludeNetwork = true;
  try {
    return report.getReport().header.glibcVersionRuntime;
  } finally {
    report.excludeNetwork = excludeNetwork;
  }
}

module.exports = { PLATFORMS, glibcVersion, platformName };
