'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { RUNTIMES } = require('./requirements');

const MODULES = path.join(RUNTIMES, 'node_modules');

/** The binary of Bun, from the package of this platform. */
function bunBinary() {
  return binaryIn('@oven', path.join('bin', 'bun'));
}

/** The binary of Deno, from the package of this platform. */
function denoBinary() {
  return binaryIn('@deno', 'deno');
}

/** npm may have taken those of both C libraries; the first is of glibc. */
function binaryIn(scope, file) {
  const [name] = fs.readdirSync(path.join(MODULES, scope)).sort();
  const binary = path.join(MODULES, scope, name, file);
  return process.platform === 'win32' ? `${binary}.exe` : binary;
}

/** The environment of a user: without ours, and without what a tool would tell its makers. */
function userEnvironment(more = {}) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(AWS|KMS_ENVELOPE|NODE)_/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    DENO_NO_UPDATE_CHECK: '1',
    DO_NOT_TRACK: '1',
    NEXT_TELEMETRY_DISABLED: '1',
    NO_COLOR: '1',
    YARN_ENABLE_TELEMETRY: '0',
    ...more,
  };
}

module.exports = { MODULES, bunBinary, denoBinary, userEnvironment };
