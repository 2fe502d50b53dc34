'use strict';

const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');

const { PLATFORMS, platformName } = require('./platform.js');

/** @typedef {typeof import('../../binding')} Addon */

/** This file; in a bundle, or in an executable, the file that it became a part of. */
const HERE = typeof __filename === 'string' ? __filename : process.execPath;
const IN_A_BUNDLE = path.basename(HERE) !== 'load.js';

// Not what a bundler would try to follow.
const load = createRequire(HERE);

/**
 * The native addon: the one that KMS_ENVELOPE_NATIVE_PATH names; else what was built here, or lies
 * beside a bundle; else that of the platform's package.
 *
 * @returns {Addon}
 */
function addon() {
  const named = process.env.KMS_ENVELOPE_NATIVE_PATH;
  if (named) return open(path.resolve(named), true);
  const platform = platformName();
  const here = path.dirname(HERE);
  const folder = IN_A_BUNDLE ? here : path.join(here, '..', '..');
  const own = path.join(folder, `kms-envelope.${platform}.node`);
  return open(fs.existsSync(own) ? own : packaged(platform), false);
}

/** Loaded only where it is needed. */
function explain() {
  return require('./explain.js');
}

/** @param {string} platform */
function packaged(platform) {
  try {
    return load.resolve(`kms-envelope-${platform}`);
  } catch (error) {
    throw explain().notFound(
      platform,
      PLATFORMS.filter(isInstalled),
      IN_A_BUNDLE ? HERE : undefined,
      error,
    );
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
 * @returns {Addon}
 */
function open(file, named) {
  let loaded;
  try {
    loaded = load(file);
  } catch (error) {
    throw explain().notLoaded(file, named, error);
  }
  if (typeof Object(loaded).encryptShort !== 'function') throw explain().notOurs(file, named);
  return loaded;
}

module.exports = addon();
