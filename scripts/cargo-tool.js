'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const TOOLS = path.join(__dirname, '..', 'target', 'tools');

/**
 * Returns the path of a tool for cargo, of the one version that we know to work; installs it below target/
 * first, if it is not there.
 *
 * @param {string} name
 * @param {string} version
 */
function cargoTool(name, version) {
  const binary = path.join(TOOLS, 'bin', name);
  if (!isInstalled(`${name} ${version} `) || !fs.existsSync(binary)) {
    const options = [name, '--version', version, '--locked', '--force', '--root', TOOLS];
    const { status } = spawnSync('cargo', ['install', '--quiet', ...options], { stdio: 'inherit' });
    if (status !== 0) throw new Error(`cargo install ${name} failed`);
  }
  return binary;
}

/** Returns whether cargo's list of what it has installed there has an entry that begins so. */
function isInstalled(/** @type {string} */ start) {
  const list = path.join(TOOLS, '.crates.toml');
  return fs.existsSync(list) && fs.readFileSync(list, 'utf8').includes(`"${start}`);
}

/**
 * Runs a tool at the root of the repository, its output shown, and sets the exit code to its own.
 *
 * @param {string} binary
 * @param {string[]} parameters
 */
function runTool(binary, parameters) {
  const options = { cwd: path.join(__dirname, '..'), stdio: /** @type {const} */ ('inherit') };
  const { status, error } = spawnSync(binary, parameters, options);
  if (error) throw error;
  process.exitCode = status ?? 1;
}

module.exports = { cargoTool, runTool };
