'use strict';

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { freePort } = require('./free-port.js');
const { pack } = require('./pack');
const prepare = require('./prepare');

const ROOT = path.join(__dirname, '..');
const REHEARSAL = path.join(__dirname, 'rehearsal');
const WINDOWS = process.platform === 'win32';
const START_MS = 60_000;

/**
 * Starts Verdaccio on 127.0.0.1: a registry to which our packages can be published without an account, and
 * which passes on those of npm's registry.
 *
 * @param {string} folder where it stores packages
 */
async function startRegistry(folder) {
  const node = nodeForRegistry();
  prepare.rehearsal();
  const port = await freePort();
  const upstream = npmCommand(['config', 'get', 'registry'], { cwd: ROOT }).toString().trim();
  const config = {
    storage: path.join(folder, 'storage'),
    uplinks: { npm: { url: upstream } },
    packages: {
      'kms-envelope*': { access: '$all', publish: '$all' },
      '**': { access: '$all', proxy: 'npm' },
    },
    // A debug build is larger than 10 MB, the default.
    max_body_size: '200mb',
    log: { type: 'stdout', format: 'json', level: 'fatal' },
  };
  // JSON is YAML.
  fs.writeFileSync(path.join(folder, 'config.yaml'), JSON.stringify(config));
  const program = path.join(REHEARSAL, 'node_modules', 'verdaccio', 'bin', 'verdaccio');
  const args = [program, '--config', 'config.yaml', '--listen', `127.0.0.1:${port}`];
  const child = spawn(node, args, {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}/`;
  await waitUntilUp(url, child);
  const stop = () => new Promise((resolve) => child.once('exit', resolve).kill());
  return { url, stop };
}

/** Returns a Node.js of at least version 22, which Verdaccio needs: this one, or that of the tests. */
function nodeForRegistry() {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  prepare.peers();
  return path.join(ROOT, '__test__', 'peers', 'node_modules', 'node-24', 'bin', 'node');
}

/** Waits for the registry's first answer; throws if it ends, or gives none within START_MS. */
async function waitUntilUp(url, child) {
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(200)) {
    if (child.exitCode !== null) throw new Error('the registry has ended');
    const response = await fetch(`${url}-/ping`).catch(() => undefined);
    if (response?.ok) return;
  }
  child.kill();
  throw new Error('the registry does not answer');
}

/** Runs npm in a folder, against a registry. */
function npm(cwd, registry, args) {
  // npm refuses to publish without a token; the registry takes any.
  const token = `--${registry.replace(/^http:/, '')}:_authToken=nobody`;
  npmCommand([...args, `--registry=${registry}`, token, '--no-audit', '--no-fund', '--silent'], {
    cwd,
  });
}

function npmCommand(args, { cwd }) {
  // npm is a script on Windows, which only a shell starts.
  return execFileSync('npm', args, { cwd, shell: WINDOWS, stdio: ['ignore', 'pipe', 'inherit'] });
}

/**
 * Packs what is built, and publishes it: the platforms' packages first, because the main package depends
 * on them.
 *
 * @param {string} folder
 * @param {string} registry
 * @returns {string[]} the tarballs
 */
function publish(folder, registry) {
  const { main: tarball, platforms } = pack(path.join(folder, 'tarballs'));
  const files = [...platforms.map((platform) => platform.tarball), tarball];
  for (const file of files) npm(folder, registry, ['publish', file]);
  return files;
}

module.exports = { npm, publish, startRegistry };
