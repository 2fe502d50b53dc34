'use strict';

const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');

const { HERE, IN_A_BUNDLE } = require('./here.js');
const { PLATFORMS, platformName } = require('./platform.js');
const { VERSION } = require('./version.js');
const { lazy } = require('../lazy.js');

const explain = lazy(() => require('./explain.js'));

/** @typedef {typeof import('../../binding')} Addon */

// Not what a bundler would try to follow.
const load = createRequire(HERE);

/**
 * What loads the package of a platform. Each is named in full, for what gathers the files of a
 * deployment (Next.js, Vercel) looks for that.
 *
 * @type {Record<string, () => unknown>}
 */
const PACKAGES = {
  'darwin-arm64': () => load('kms-envelope-darwin-arm64'),
  'darwin-x64': () => load('kms-envelope-darwin-x64'),
  'linux-arm64-gnu': () => load('kms-envelope-linux-arm64-gnu'),
  'linux-arm64-musl': () => load('kms-envelope-linux-arm64-musl'),
  'linux-x64-gnu': () => load('kms-envelope-linux-x64-gnu'),
  'linux-x64-musl': () => load('kms-envelope-linux-x64-musl'),
  'win32-arm64-msvc': () => load('kms-envelope-win32-arm64-msvc'),
  'win32-x64-msvc': () => load('kms-envelope-win32-x64-msvc'),
};

/**
 * The native addon: the one that KMS_ENVELOPE_NATIVE_PATH names; else what was built here, or lies
 * beside a bundle or an executable; else that of the platform's package.
 *
 * @returns {Addon}
 */
function addon() {
  const named = process.env.KMS_ENVELOPE_NATIVE_PATH;
  if (named) return open(path.resolve(named), true);
  const platform = platformName();
  const here = path.dirname(HERE);
  const folders = IN_A_BUNDLE
    ? [here, path.dirname(process.execPath)]
    : [path.join(here, '..', '..')];
  const places = folders.map((folder) => path.join(folder, `kms-envelope.${platform}.node`));
  const built = places.find((place) => fs.existsSync(place));
  return built === undefined ? packaged(platform) : open(built, false);
}

/** @param {string} platform */
function packaged(platform) {
  let file;
  try {
    file = load.resolve(`kms-envelope-${platform}`);
  } catch (error) {
    const beside = besideBundle(platform);
    if (beside) return open(beside, false);
    throw explain().notFound(
      platform,
      PLATFORMS.filter(isInstalled),
      IN_A_BUNDLE ? HERE : undefined,
      error,
    );
  }
  return open(file, false, PACKAGES[platform]);
}

/**
 * The binary that belongs to the package in the node_modules of a bundle: pnpm and Yarn let no one
 * else see it.
 *
 * @param {string} platform
 * @returns {string | undefined}
 */
function besideBundle(platform) {
  if (!IN_A_BUNDLE) return undefined;
  try {
    const { resolve } = createRequire(load.resolve('kms-envelope/package.json'));
    return resolve(`kms-envelope-${platform}`);
  } catch {
    return undefined;
  }
}

/** @param {string} platform */
function isInstalled(platform) {
  try {
    load.resolve(`kms-envelope-${platform}`);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} file
 * @param {boolean} named
 * @param {() => unknown} [read]
 * @returns {Addon}
 */
function open(file, named, read = () => load(file)) {
  let loaded;
  try {
    loaded = /** @type {Addon} */ (read());
  } catch (error) {
    throw explain().notLoaded(file, named, error);
  }
  const { ADDON_VERSION: version } = Object(loaded);
  if (typeof version !== 'string') throw explain().notOurs(file, named);
  if (version !== VERSION) throw explain().otherVersion(file, named, version);
  return loaded;
}

module.exports = addon();
