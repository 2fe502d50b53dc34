'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { localstack, python, s3, tink, zig } = require('./environments');
const { oldGlibc } = require('./old-glibc');
const { installPackage } = require('./install-package');
const { hash, once } = require('./once');
const { run } = require('./run-command');
const { runMain } = require('./run-main.js');

const ROOT = path.join(__dirname, '..');
const PEERS = path.join(ROOT, '__test__', 'peers');
const SURROUNDINGS = path.join(ROOT, '__test__', 'surroundings');
const BUNDLERS = path.join(ROOT, '__test__', 'bundlers');
const RUNTIMES = path.join(ROOT, '__test__', 'runtimes');
const TYPESCRIPT = path.join(ROOT, '__test__', 'typescript');
const ORMS = path.join(ROOT, '__test__', 'orms');
const FRAMEWORKS = path.join(ROOT, '__test__', 'frameworks');
const EXAMPLES = path.join(ROOT, 'examples');
const BENCHMARK = path.join(ROOT, 'benchmark');
const REHEARSAL = path.join(ROOT, 'scripts', 'rehearsal');
const SITE = path.join(ROOT, 'site');
const SERVICE = path.join(ROOT, 'service');
const WINDOWS = process.platform === 'win32';

/** Cargo's settings for addons that are not published: without link-time optimisation, which takes minutes. */
const UNPUBLISHED = { CARGO_PROFILE_RELEASE_LTO: 'off', CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16' };
/** Cargo's settings for addons that tests alone load: the profile of the Rust tests, but with quick ciphers. */
const FOR_TESTS = { CARGO_PROFILE_DEV_OPT_LEVEL: '2' };
const ENGINES = {
  'aws-lc': {
    output: ROOT,
    options: ['--features', 'node', '--dts', 'binding.d.ts'],
  },
  'rust-crypto': {
    output: path.join(ROOT, 'target', 'engine', 'rust-crypto'),
    options: ['--no-default-features', '--features', 'node,aws-kms,rust-crypto'],
    variables: UNPUBLISHED,
  },
  fips: {
    output: path.join(ROOT, 'target', 'engine', 'fips'),
    options: ['--features', 'node,fips'],
    variables: UNPUBLISHED,
  },
};

const STEPS = {
  'node-modules': nodeModules,
  addon: () => addon(),
  'addon:rust-crypto': () => addon({ engine: 'rust-crypto' }),
  'addon:fips': () => addon({ engine: 'fips' }),
  'test-addon:rust-crypto': () => testAddon('rust-crypto'),
  'test-addon:fips': () => testAddon('fips'),
  python,
  localstack,
  tink,
  s3,
  peers,
  surroundings,
  bundlers,
  runtimes,
  typescript,
  orms,
  frameworks,
  examples,
  benchmark,
  rehearsal,
  service,
  site,
  zig,
};
/** The steps, beside the addon, that the Node.js tests need. */
const TEST_STEPS = [
  'python',
  'localstack',
  'tink',
  's3',
  'peers',
  'surroundings',
  'bundlers',
  'runtimes',
  'typescript',
  'orms',
  'frameworks',
  'examples',
  'benchmark',
];
const DEFAULT_STEPS = ['node-modules', 'addon', ...TEST_STEPS];

/** `node scripts/prepare.js [STEP...]`: makes what a fresh clone lacks; quick when all is there. */
function main(names) {
  for (const name of names.length > 0 ? names : DEFAULT_STEPS) choose(STEPS, name)();
}

/** Installs the package's own development dependencies. */
function nodeModules() {
  npmInstall(ROOT);
}

/**
 * Installs the other Encryption SDKs and libraries that the tests compare with, and other versions of
 * Node.js; all bring their binaries.
 */
function peers() {
  npmInstall(PEERS, ['--ignore-scripts']);
}

/** Installs what the packed package is tested in: test runners, a bundler, and the like. */
function surroundings() {
  npmInstall(SURROUNDINGS);
}

/** Installs the bundlers that the package is tested with. */
function bundlers() {
  npmInstall(BUNDLERS);
}

/** Installs Bun, Deno, Yarn and Next.js, whose binaries are packages: no install script has to run. */
function runtimes() {
  npmInstall(RUNTIMES, ['--ignore-scripts']);
}

/** Installs the versions of TypeScript that the types are tested with, and what checks the exports. */
function typescript() {
  npmInstall(TYPESCRIPT);
}

/** Installs the ORMs that have adapters, without Prisma's script: it fetches programs that no test needs. */
function orms() {
  npmInstall(ORMS, ['--ignore-scripts']);
}

/** Installs the frameworks that the integrations are tested with: the newest of each, and older ones. */
function frameworks() {
  npmInstall(FRAMEWORKS);
  npmInstall(path.join(FRAMEWORKS, 'nest-11'));
}

/** Installs what the examples import: the AWS SDK for S3, Express, and the package itself. */
function examples() {
  npmInstall(EXAMPLES);
  // After npm, which removes what its lock file does not name.
  linkInto(EXAMPLES);
}

/** Installs what the key-management service depends on, and the package itself with its addon. */
function service() {
  npmInstall(SERVICE);
  installPackage(SERVICE);
}

/** Installs what the benchmarks compare with, and what draws their results. */
function benchmark() {
  npmInstall(BENCHMARK);
}

/** Installs what builds and tests the documentation's site; its API reference needs Node.js's types. */
function site() {
  nodeModules();
  npmInstall(SITE);
}

/** Installs the npm registry that a release is rehearsed with; it needs Node.js 22. */
function rehearsal() {
  npmInstall(REHEARSAL);
}

/**
 * Builds the addon with one of the cipher engines, as users do; on x64 Linux, with `KMS_ENVELOPE_GLIBC=2.28`,
 * so that it loads where glibc is that old.
 *
 * @param {{ engine?: string }} [options] 'aws-lc' (default, what users get), 'rust-crypto', or 'fips':
 *   AWS-LC's FIPS module, which is built with Go and CMake
 * @returns {string} the path of the .node file
 */
function addon({ engine = 'aws-lc' } = {}) {
  const { output, options, variables = {} } = choose(ENGINES, engine);
  const file = build(`addon-${engine}`, output, ['--release', ...options], variables);
  linkInto(EXAMPLES);
  return file;
}

/**
 * Builds the addon with an engine for the tests alone: it shares the dependencies of the Rust tests, which
 * with the settings of a release would all be compiled once more. Returns the path of the .node file.
 *
 * @param {string} engine 'rust-crypto' or 'fips'
 */
function testAddon(engine) {
  const { options } = choose(ENGINES, engine);
  const output = path.join(ROOT, 'target', 'engine', `${engine}-for-tests`);
  return build(`test-addon-${engine}`, output, options, FOR_TESTS);
}

/** Runs `napi build`, unless nothing has changed since the last time; returns the path of the .node file. */
function build(name, output, options, variables) {
  const glibc = process.env.KMS_ENVELOPE_GLIBC;
  nodeModules();
  const stamp = path.join(ROOT, 'target', '.stamp', name);
  const inputs = ['src', 'Cargo.toml', 'Cargo.lock', 'build.rs', 'package.json', '.cargo'];
  once(
    stamp,
    hash(
      [process.version, ...options, ...Object.values(variables), ...(glibc ? [glibc] : [])],
      inputs,
    ),
    () => isBuilt(output),
    () => {
      const env = { ...variables };
      if (!WINDOWS) env.CARGO = path.join(ROOT, 'scripts', 'cargo-addon');
      if (glibc) env.OLD_GLIBC = oldGlibc(zig(), glibc);
      const args = ['--no', '--', 'napi', 'build', '--platform', '--no-js', ...options];
      if (output !== ROOT) args.push('--output-dir', output);
      run('npx', args, ROOT, env);
    },
  );
  return findAddon(output);
}

/** Links the package into a folder's node_modules, so that the examples import it by its name. */
function linkInto(folder) {
  const link = path.join(folder, 'node_modules', 'kms-envelope');
  if (fs.existsSync(link)) return;
  fs.mkdirSync(path.dirname(link), { recursive: true });
  fs.symlinkSync(ROOT, link, WINDOWS ? 'junction' : 'dir');
}

function npmInstall(folder, options = []) {
  const modules = path.join(folder, 'node_modules');
  const lock = path.relative(ROOT, path.join(folder, 'package-lock.json'));
  once(
    path.join(modules, '.stamp'),
    hash([], [lock]),
    () => fs.existsSync(modules),
    () => {
      run('npm', ['ci', '--no-audit', '--no-fund', ...options], folder);
    },
  );
}

function isBuilt(output) {
  return findAddon(output) !== undefined;
}

function findAddon(output) {
  if (!fs.existsSync(output)) return undefined;
  const name = fs.readdirSync(output).find((entry) => entry.endsWith('.node'));
  return name && path.join(output, name);
}

function choose(from, name) {
  if (Object.hasOwn(from, name)) return from[name];
  throw new Error(`there is no ${name}, only: ${Object.keys(from).join(', ')}`);
}

if (require.main === module) runMain(main, process.argv.slice(2));

module.exports = {
  ROOT,
  TEST_STEPS,
  addon,
  benchmark,
  examples,
  frameworks,
  installPackage,
  nodeModules,
  orms,
  peers,
  python,
  rehearsal,
  s3,
  site,
  testAddon,
};
