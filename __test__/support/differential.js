'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const SCRIPT = path.join('scripts', 'differential.js');
const BREAK = path.join(__dirname, 'broken-envelope.js');

/**
 * Runs scripts/differential.js to its end.
 *
 * @param {(string | number)[]} args
 * @param {string} [fault] what `broken-envelope.js` breaks
 */
function runDifferential(args, fault) {
  const broken = fault === undefined ? [] : ['--require', BREAK];
  return spawnSync(process.execPath, [...broken, SCRIPT, ...args.map(String)], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, BROKEN: fault },
  });
}

/** Returns the last line that a process printed. */
function lastLine(output) {
  return output.trimEnd().split('\n').at(-1);
}

module.exports = { lastLine, runDifferential };
