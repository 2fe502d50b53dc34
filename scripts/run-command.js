'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const WINDOWS = process.platform === 'win32';

/**
 * Runs a program to its end, and shows what it prints; throws if it fails.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 * @param {Record<string, string>} [variables] beside those of this process
 */
function run(command, args, cwd = ROOT, variables = {}) {
  console.log(`$ ${command} ${args.join(' ')}`);
  const env = { ...process.env, ...variables };
  // npm and npx are scripts on Windows, which only a shell starts.
  const { status, error } = spawnSync(command, args, {
    cwd,
    env,
    stdio: 'inherit',
    shell: WINDOWS,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args[0]} failed`);
}

module.exports = { run };
