'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { cratesIn } = require('./crates');
const { linkToRepository } = require('./links');
const { notices } = require('./notices');
const { runMain } = require('./run-main.js');
const { sbomOfBinary, sbomOfPackage } = require('./sbom');

const ROOT = path.join(__dirname, '..');
const NPM = path.join(ROOT, 'npm');
// npm adds these to every package by itself, but only from the package's own folder.
const ALWAYS = ['LICENSE', 'README.md'];
// Fields that build and test the package; nobody who installs it needs them.
const DEVELOPMENT = ['devDependencies', 'napi', 'overrides', 'scripts'];
// Written into a package when it is packed: the notices that licences ask for, and the bill of materials.
const NOTICES = 'THIRD-PARTY-NOTICES.txt';
const SBOM = 'sbom.cdx.json';

/**
 * Makes the tarballs as users get them: the main package, and one package for each platform whose
 * binary was built, be it in the root of the repository or in its folder under npm/.
 *
 * @param {string} outDir
 * @param {{ all?: boolean }} [options] all: fail unless every platform was built
 * @returns {{ main: string, platforms: Array<{ name: string, tarball: string }> }}
 */
function pack(outDir, { all = false } = {}) {
  const manifest = readJson(path.join(ROOT, 'package.json'));
  const built = builtPlatforms(manifest, all);
  fs.mkdirSync(outDir, { recursive: true });
  const staging = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-pack-'));
  try {
    const platforms = built.map((platform) => {
      const folder = path.join(staging, platform.manifest.name);
      return { name: platform.manifest.name, tarball: packPlatform(platform, folder, outDir) };
    });
    const main = packMain(manifest, built, path.join(staging, manifest.name), outDir);
    return { main, platforms };
  } finally {
    fs.rmSync(staging, { recursive: true, force: true });
  }
}

function builtPlatforms(main, all) {
  const platforms = fs.readdirSync(NPM).map((name) => {
    const folder = path.join(NPM, name);
    const manifest = readJson(path.join(folder, 'package.json'));
    if (manifest.version !== main.version) {
      throw new Error(`npm/${name} is not at ${main.version}: run \`npx napi version\``);
    }
    const places = [path.join(ROOT, manifest.main), path.join(folder, manifest.main)];
    return { name, folder, manifest, binary: places.find((place) => fs.existsSync(place)) };
  });
  const built = platforms.filter(({ binary }) => binary);
  const missing = platforms.filter(({ binary }) => !binary).map(({ manifest }) => manifest.main);
  if (all && missing.length > 0) throw new Error(`not built: ${missing.join(', ')}`);
  if (built.length === 0) throw new Error('no binary was built: run `npm run build` first');
  // npm signs the provenance of a package only if its manifest names the repository.
  return built.map((platform) => ({
    ...platform,
    manifest: {
      ...platform.manifest,
      files: [...platform.manifest.files, NOTICES, SBOM],
      repository: main.repository,
    },
  }));
}

function packPlatform({ name, folder, manifest, binary }, staged, outDir) {
  const crates = cratesIn(name);
  stage(manifest, staged, {
    LICENSE: path.join(ROOT, 'LICENSE'),
    'README.md': path.join(folder, 'README.md'),
    [manifest.main]: binary,
  });
  fs.writeFileSync(path.join(staged, NOTICES), notices(crates));
  writeJson(path.join(staged, SBOM), sbomOfBinary(manifest, crates));
  return npmPack(manifest, staged, outDir);
}

function packMain(manifest, built, staged, outDir) {
  const publishedFields = Object.entries(manifest).filter(
    ([field]) => !DEVELOPMENT.includes(field),
  );
  const published = {
    ...Object.fromEntries(publishedFields),
    files: [...manifest.files, SBOM],
    optionalDependencies: Object.fromEntries(
      built.map((platform) => [platform.manifest.name, platform.manifest.version]),
    ),
  };
  const names = [...manifest.files, ...ALWAYS];
  stage(published, staged, Object.fromEntries(names.map((name) => [name, path.join(ROOT, name)])));
  writeJson(path.join(staged, SBOM), sbomOfPackage(manifest));
  linkToRepository(staged, published);
  return npmPack(published, staged, outDir);
}

/** Lays out a package's folder: its manifest, and files and folders from elsewhere by name. */
function stage(manifest, folder, sources) {
  fs.mkdirSync(folder);
  writeJson(path.join(folder, 'package.json'), manifest);
  for (const [name, source] of Object.entries(sources)) {
    fs.cpSync(source, path.join(folder, name), { recursive: true });
  }
}

function npmPack({ name, version }, folder, outDir) {
  // npm is a script on Windows, which only a shell starts.
  const options = { cwd: folder, shell: process.platform === 'win32', stdio: 'pipe' };
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent'], options);
  const file = `${name}-${version}.tgz`;
  const tarball = path.resolve(outDir, file);
  fs.copyFileSync(path.join(folder, file), tarball);
  return tarball;
}

function writeJson(file, value) {
  fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

function readJson(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** `node scripts/pack.js [--all] [OUTDIR]`: prints the tarballs, in the order to publish them. */
function main(args) {
  const all = args[0] === '--all';
  const [outDir = 'dist'] = all ? args.slice(1) : args;
  const { main: tarball, platforms } = pack(outDir, { all });
  // The main package comes last: nobody may install it before what it depends on is there.
  for (const line of [...platforms.map((platform) => platform.tarball), tarball]) {
    console.log(line);
  }
}

if (require.main === module) runMain(main, process.argv.slice(2));

module.exports = { pack };
