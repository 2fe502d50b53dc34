'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { localstack, python, s3, tink, zig } = require('./environments');
const { oldGlibc } = require('./old-glibc');
const { installPackage } = require('./install-package');
const { hash, once } = require('./once');
const { run } = require('./run-command');

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

/** For what is not published: optimising all crates as one takes minutes, and changes no answer. */
const UNPUBLISHED = { CARGO_PROFILE_RELEASE_LTO: 'off', CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16' };
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
/** What the addon is tested with. */
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

/** What the package is built and tested with. */
function nodeModules() {
  npmInstall(ROOT);
}

/** The packages that are compared with, and other versions of Node.js; all of them bring their binaries. */
function peers() {
  npmInstall(PEERS, ['--ignore-scripts']);
}

/** What the packed package is tried in: test runners, a bundler, and the like. */
function surroundings() {
  npmInstall(SURROUNDINGS);
}

/** The bundlers that the package is tried with. */
function bundlers() {
  npmInstall(BUNDLERS);
}

/** Bun, Deno, Yarn and Next.js: their binaries come as packages, so no script need fetch any. */
function runtimes() {
  npmInstall(RUNTIMES, ['--ignore-scripts']);
}

/** The versions of TypeScript that the types are tried with, and what checks the exports. */
function typescript() {
  npmInstall(TYPESCRIPT);
}

/** The ORMs that have adapters; a script of Prisma's would fetch programs that the tests do not need. */
function orms() {
  npmInstall(ORMS, ['--ignore-scripts']);
}

/** The frameworks that the integrations are tried with: the newest of each, and the versions before. */
function frameworks() {
  npmInstall(FRAMEWORKS);
  npmInstall(path.join(FRAMEWORKS, 'nest-11'));
}

/** What the examples import: the AWS SDK for S3, Express, and the package itself. */
function examples() {
  npmInstall(EXAMPLES);
  // After npm, which removes what its lock file does not name.
  linkInto(EXAMPLES);
}

/** What the key-management service runs with, and the package itself with its addon. */
function service() {
  npmInstall(SERVICE);
  installPackage(SERVICE);
}

/** What the benchmarks compare with, and what draws their results. */
function benchmark() {
  npmInstall(BENCHMARK);
}

/** What the site of the documentation is built and looked at with; the types need Node.js's. */
function site() {
  nodeModules();
  npmInstall(SITE);
}

/** The npm registry that a release is rehearsed with; it needs Node.js 22. */
function rehearsal() {
  npmInstall(REHEARSAL);
}

/**
 * Builds the addon with one of the cipher engines; on x64 Linux, with `KMS_ENVELOPE_GLIBC=2.28`, so
 * that it loads where glibc is that old.
 *
 * @param {{ engine?: string }} [options] 'aws-lc' (default, what users get), 'rust-crypto', or 'fips':
 *   AWS-LC's FIPS module, which is built with Go and CMake
 * @returns {string} the path of the .node file
 */
function addon({ engine = 'aws-lc' } = {}) {
  const { output, options, variables = {} } = choose(ENGINES, engine);
  const glibc = process.env.KMS_ENVELOPE_GLIBC;
  nodeModules();
  const stamp = path.join(ROOT, 'target', '.stamp', `addon-${engine}`);
  const inputs = ['src', 'Cargo.toml', 'Cargo.lock', 'build.rs', 'package.json', '.cargo'];
  once(
    stamp,
    hash(
      [process.version, ...options, ...Object.values(variables), ...(glibc ? [glibc] : [])],
      inputs,
    ),
    () => isBuilt(output),
    () => {
      const build = ['napi', 'build', '--platform', '--release', '--no-js', ...options];
      const env = { ...variables };
      if (!WINDOWS) env.CARGO = path.join(ROOT, 'scripts', 'cargo-addon');
      if (glibc) env.OLD_GLIBC = oldGlibc(zig(), glibc);
      const args = ['--no', '--', ...build, ...(output === ROOT ? [] : ['--output-dir', output])];
      run('npx', args, ROOT, env);
    },
  );
  linkInto(EXAMPLES);
  return findAddon(output);
}

/** The examples import the package by its name, as users do. */
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

if (require.main === module) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

module.exports = {
  ROOT,
  TEST_STEPS,
  UNPUBLISHED,
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
};
