'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/**
 * Runs a command to its end, with what it prints shown; throws if it fails.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd] the repository's folder if it is left out
 * @param {Record<string, string>} [variables] added to the environment
 */
function run(command, args, cwd = ROOT, variables = {}) {
  console.log(`$ ${command} ${args.join(' ')}`);
  const env = { ...process.env, ...variables };
  // npm and npx are scripts on Windows, which only a shell starts.
  const { status, error } = spawnSync(command, args, {
    cwd,
    env,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args[0]} failed`);
}

module.exports = { run };
