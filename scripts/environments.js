'use strict';

// The virtual environments of Python that the tests use. Each function installs one, unless it is there,
// and returns the path of its Python.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { hash, once } = require('./once');
const { run } = require('./run-command');

const ROOT = path.join(__dirname, '..');
const WINDOWS = process.platform === 'win32';

/** Returns the Python that has moto and the Encryption SDK for Python. */
function python() {
  return venv('.venv', 'requirements.txt');
}

/** Returns the Python that has LocalStack, a KMS with key states; its packages conflict with moto's. */
function localstack() {
  return venv('.venv-localstack', 'localstack.txt');
}

/** Returns the Python that has Google Tink. */
function tink() {
  return venv('.venv-tink', 'tink.txt');
}

/** Returns the Python that has AWS's S3 Encryption Client. */
function s3() {
  return venv('.venv-s3', 's3.txt');
}

/** Returns the Python that has Zig, which brings the interfaces of every version of glibc. */
function zig() {
  return venv('.venv-zig', 'zig.txt');
}

function venv(name, requirementsFile) {
  const folder = path.join(ROOT, name);
  const binary = path.join(folder, WINDOWS ? 'Scripts/python.exe' : 'bin/python');
  const requirements = path.join('__test__', 'peers', requirementsFile);
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
