'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { fileURLToPath } = require('node:url');

/** This file; in a bundle, or in an executable, the file that it became a part of. */
const HERE = thisFile();

const IN_A_BUNDLE = !HERE.endsWith(path.join('lib', 'native', 'here.js'));

/**
 * The engine knows it best: a bundle of ES modules has no `__filename`, and some bundlers put in the
 * path that was there while they built.
 */
function thisFile() {
  const named = typeof __filename === 'string' ? __filename : undefined;
  return [runningFile(), named].find(isFile) ?? process.execPath;
}

/** @param {string | undefined} name */
function isFile(name) {
  return name !== undefined && path.isAbsolute(name) && fs.existsSync(name);
}

/**
 * The file whose code runs here, as the engine names it in a stack trace.
 *
 * @returns {string | undefined}
 */
function runningFile() {
  const { prepareStackTrace } = Error;
  try {
    Error.prepareStackTrace = (_, [site]) => site?.getFileName();
    const name = String(new Error().stack);
    return name.startsWith('file:') ? fileURLToPath(name) : name;
  } catch {
    return undefined;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

module.exports = { HERE, IN_A_BUNDLE };
