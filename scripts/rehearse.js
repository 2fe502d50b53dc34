'use strict';

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { pack } = require('./pack');
const prepare = require('./prepare');

const ROOT = path.join(__dirname, '..');
const REHEARSAL = path.join(__dirname, 'rehearsal');
const WINDOWS = process.platform === 'win32';
const START_MS = 60_000;

/**
 * `node scripts/rehearse.js`: releases to a registry that runs for this alone, on this machine:
 * packs what is built, publishes it, installs it in a fresh folder by name, and runs a program.
 */
async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-rehearsal-'));
  const registry = await startRegistry(folder);
  try {
    publish(folder, registry.url);
    installAndRun(folder, registry.url);
    console.log(
      'the release can go on; npm signs its provenance only where the workflow publishes it',
    );
  } finally {
    await registry.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Publishes the platforms' packages first: nobody may install the main one before them. */
function publish(folder, registry) {
  const { main: tarball, platforms } = pack(path.join(folder, 'tarballs'));
  for (const file of [...platforms.map((platform) => platform.tarball), tarball]) {
    npm(folder, registry, ['publish', file]);
    console.log(`published ${path.basename(file)}, ${fs.statSync(file).size} bytes`);
  }
}

/** What a user does first, in a folder as `npm init -y` leaves it. */
function installAndRun(folder, registry) {
  const project = path.join(folder, 'project');
  fs.mkdirSync(project);
  fs.writeFileSync(path.join(project, 'package.json'), '{"type":"commonjs"}');
  const started = Date.now();
  npm(project, registry, ['install', 'kms-envelope']);
  console.log(`installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);

  const installed = path.join(project, 'node_modules');
  const [platform] = fs.readdirSync(installed).filter((name) => name.startsWith('kms-envelope-'));
  for (const file of [
    'kms-envelope/sbom.cdx.json',
    'kms-envelope/docs/errors.md',
    `${platform}/sbom.cdx.json`,
    `${platform}/THIRD-PARTY-NOTICES.txt`,
  ]) {
    if (!fs.existsSync(path.join(installed, file))) throw new Error(`${file} is missing`);
  }

  const program = `
    import { Envelope, LocalKeyring } from "kms-envelope";
    LocalKeyring.generate("dev.key");
    const envelope = new Envelope("local:dev.key");
    console.log((await envelope.decrypt(await envelope.encrypt("it works"))).toString());`;
  fs.writeFileSync(path.join(project, 'first.mjs'), program);
  const output = execFileSync(process.execPath, ['first.mjs'], { cwd: project }).toString();
  if (output !== 'it works\n') throw new Error(`the program printed ${output}`);
}

/** Verdaccio, which takes packages of ours from anybody here, and asks npm's registry for others. */
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
  await answers(url, child);
  const stop = () => new Promise((resolve) => child.once('exit', resolve).kill());
  return { url, stop };
}

/** Verdaccio needs Node.js 22; the tests have a newer one than this, if this is older. */
function nodeForRegistry() {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  prepare.peers();
  return path.join(ROOT, '__test__', 'peers', 'node_modules', 'node-24', 'bin', 'node');
}

async function answers(url, child) {
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(200)) {
    if (child.exitCode !== null) throw new Error('the registry has ended');
    const response = await fetch(`${url}-/ping`).catch(() => undefined);
    if (response?.ok) return;
  }
  child.kill();
  throw new Error('the registry does not answer');
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function npm(cwd, registry, args) {
  // npm wants to know who publishes, though anybody may here.
  const token = `--${registry.replace(/^http:/, '')}:_authToken=nobody`;
  npmCommand([...args, `--registry=${registry}`, token, '--no-audit', '--no-fund', '--silent'], {
    cwd,
  });
}

function npmCommand(args, { cwd }) {
  // npm is a script on Windows, which only a shell starts.
  return execFileSync('npm', args, { cwd, shell: WINDOWS, stdio: ['ignore', 'pipe', 'inherit'] });
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
