'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { hash, once } = require('./once');
const { run } = require('./run');

const ROOT = path.join(__dirname, '..');
const WINDOWS = process.platform === 'win32';

/**
 * Makes a virtual environment of Python with the packages of a list, unless it is there.
 *
 * @param {string} name of its folder in the repository
 * @param {string} list a file of `__test__/peers`, in the form of pip's requirements
 * @returns {string} the path of its Python
 */
function venv(name, list) {
  const folder = path.join(ROOT, name);
  const binary = path.join(folder, WINDOWS ? 'Scripts/python.exe' : 'bin/python');
  const requirements = path.join('__test__', 'peers', list);
  once(
    path.join(folder, '.stamp'),
    hash([], [requirements]),
    () => fs.existsSync(binary),
    () => {
      fs.rmSync(folder, { recursive: true, force: true });
      createVenv(folder);
      const pip = ['-m', 'pip', '--quiet', '--disable-pip-version-check'];
      run(binary, [...pip, 'install', '-r', requirements]);
    },
  );
  return binary;
}

function createVenv(folder) {
  const interpreter = WINDOWS ? 'python' : 'python3';
  const args = ['-m', 'venv', folder];
  const create = () => spawnSync(interpreter, args, { stdio: 'inherit' }).status === 0;
  if (create()) return;
  // Debian's Python comes without ensurepip.
  if (process.getuid?.() === 0 && fs.existsSync('/usr/bin/apt-get')) {
    run('apt-get', ['update', '-qq']);
    run('apt-get', ['install', '-y', '-qq', 'python3-venv']);
    fs.rmSync(folder, { recursive: true, force: true });
    if (create()) return;
  }
  throw new Error('install Python 3.11 or later with its venv module, then try again');
}

module.exports = { venv };
