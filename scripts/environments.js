'use strict';

// The virtual environments of Python that the tests use; each step returns the path of its Python.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { hash, once } = require('./once');
const { run } = require('./run-command');

const ROOT = path.join(__dirname, '..');
const WINDOWS = process.platform === 'win32';

/**
 * The virtual environment with moto and the Encryption SDK for Python.
 *
 * @returns {string} the path of its Python
 */
function python() {
  return venv('.venv', 'requirements.txt');
}

/** A KMS whose keys have states; its packages do not go together with moto's. */
function localstack() {
  return venv('.venv-localstack', 'localstack.txt');
}

/** Google Tink for Python. */
function tink() {
  return venv('.venv-tink', 'tink.txt');
}

/** AWS's S3 Encryption Client for Python. */
function s3() {
  return venv('.venv-s3', 's3.txt');
}

/** Zig, which has the interfaces of every glibc. */
function zig() {
  return venv('.venv-zig', 'zig.txt');
}

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

module.exports = { localstack, python, s3, tink, zig };
