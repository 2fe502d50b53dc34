'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { stripVTControlCharacters } = require('node:util');
const prepare = require('./prepare');
const { INDEPENDENT_OF_ENGINE } = require('./independent-of-engine.js');
const { runMain } = require('./run-main.js');

const { ROOT } = prepare;
// A test that hangs fails after this time, so that the run ends.
const TIMEOUT_MS = 600_000;
// More than CI has processors: many tests wait for servers, disks and other processes.
const CONCURRENCY = '--test-concurrency=3';
const ENGINE = process.env.KMS_ENVELOPE_ENGINE || 'aws-lc';
const COUNTED = ['passed', 'failed', 'skipped'];

const STAGES = {
  rust: testRust,
  node: testNode,
  types: testTypes,
  service: testService,
  site: testSite,
  fips: testFips,
};
/** The stages that need no more than a C compiler, Rust and Python: `fips` also takes Go and CMake. */
const DEFAULT_STAGES = Object.keys(STAGES).filter((name) => name !== 'fips');

/** What `startPreparingForNode` has started. */
let preparing = [];

/** `npm test -- [STAGE...]`: prepares what the stages need, runs them, and sums up; by default, all but `fips`. */
async function main(names) {
  const unknown = names.find((name) => !STAGES[name]);
  if (unknown) throw new Error(`no stage ${unknown}; there are: ${Object.keys(STAGES).join(', ')}`);

  const results = [];
  const chosen = names.length > 0 ? names : DEFAULT_STAGES;
  const stages = Object.keys(STAGES).filter((name) => chosen.includes(name));
  if (stages.includes('node')) startPreparingForNode();
  for (const name of stages) {
    console.log(`\n== ${name}`);
    const started = Date.now();
    const result = await STAGES[name]().catch((error) => ({ ok: false, error: error.message }));
    results.push({ name, seconds: (Date.now() - started) / 1000, ...result });
  }
  report(results);
  if (results.some((result) => !result.ok)) process.exitCode = 1;
}

/** Runs the Rust tests with the default cipher engine, then with both, which also compares the two. */
async function testRust() {
  const results = [];
  for (const engines of ['aws-lc', 'aws-lc,rust-crypto,aws-kms']) {
    results.push(await cargoTest(['--no-default-features', '--features', engines]));
  }
  return combined(results);
}

async function testNode() {
  const addon = await preparedForNode();
  const files = testFiles(ENGINE === 'aws-lc' ? [] : INDEPENDENT_OF_ENGINE);
  if (files.length === 0) return { ok: false, error: 'there is no __test__/SUBJECT/*.test.js' };

  const options = [CONCURRENCY, `--test-timeout=${TIMEOUT_MS}`];
  const addonPath = ENGINE === 'aws-lc' ? {} : { KMS_ENVELOPE_NATIVE_PATH: addon };
  return withEmulators(async (shared) => {
    const env = { ...addonPath, ...shared };
    return nodeTests(
      await run(process.execPath, ['scripts/node-tests.js', ...options, ...files], { env }),
    );
  });
}

/**
 * Starts to build the addon, and at the same time to install what it is tested with, while the stages before
 * run: linking uses one processor for minutes. What this prints is kept until it is waited for.
 */
function startPreparingForNode() {
  prepare.nodeModules();
  const addon = ENGINE === 'aws-lc' ? 'addon' : `test-addon:${ENGINE}`;
  preparing = [[addon], prepare.TEST_STEPS].map((names) =>
    run(process.execPath, ['scripts/prepare.js', ...names], { hold: true }),
  );
}

/** Waits for what was started, and shows what it has printed; returns the path of the addon. */
async function preparedForNode() {
  const results = await Promise.all(preparing);
  for (const { output } of results) process.stdout.write(output);
  if (results.some(({ ok }) => !ok)) throw new Error('what the tests need could not be made');
  return ENGINE === 'aws-lc' ? prepare.addon() : prepare.testAddon(ENGINE);
}

/**
 * Starts each emulator once, and lets the package be packed once, for all test files that `work` runs in
 * the environment that it is given.
 *
 * @template T
 * @param {(environment: Record<string, string>) => Promise<T>} work
 */
async function withEmulators(work) {
  const { SHARED_MOTO, startMoto } = require('../__test__/support/moto');
  const { SHARED_LOCALSTACK, startLocalStack } = require('../__test__/support/localstack');
  const { SHARED_PACKED } = require('../__test__/support/packed');
  const [moto, localstack] = await Promise.all([startMoto(), startLocalStack()]);
  const packed = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-packed-'));
  try {
    return await work({
      [SHARED_PACKED]: packed,
      [SHARED_MOTO]: moto.endpoint,
      [SHARED_LOCALSTACK]: localstack.endpoint,
    });
  } finally {
    fs.rmSync(packed, { recursive: true, force: true });
    await Promise.all([moto.stop(), localstack.stop()]);
  }
}

/** Returns all test files but those of some subjects, some others, and `fips`, which needs an addon of its own. */
function testFiles(excluded) {
  const subjects = fs.readdirSync(path.join(ROOT, '__test__')).filter((name) => name !== 'fips');
  const files = subjects.flatMap((subject) => testFilesOf(subject));
  const isOf = (name, file) =>
    file === `__test__/${name}.test.js` || file.startsWith(`__test__/${name}/`);
  const unknown = excluded.find((name) => !files.some((file) => isOf(name, file)));
  if (unknown) throw new Error(`__test__ has no tests of ${unknown}`);
  return files.filter((file) => !excluded.some((name) => isOf(name, file)));
}

/** Returns the test files of a subject; none for folders that hold something else. */
function testFilesOf(subject) {
  const names = fs.readdirSync(path.join(ROOT, '__test__', subject));
  return names
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => `__test__/${subject}/${name}`);
}

/** Tests the key-management service, on both of its databases. */
async function testService() {
  prepare.addon();
  prepare.python();
  return nodeTests(await run('npm', ['test'], { cwd: path.join(ROOT, 'service') }));
}

/** Builds the site of the documentation, and tests it in a browser. */
async function testSite() {
  prepare.addon();
  const { ok } = await run(process.execPath, ['scripts/site.js']);
  if (!ok) return { ok, error: 'the site was not built' };
  return nodeTests(await run('npm', ['test'], { cwd: path.join(ROOT, 'site') }));
}

/** Tests what AWS-LC's FIPS module changes; building it takes Go and CMake. */
async function testFips() {
  const options = ['--locked', '--no-default-features', '--features', 'fips', '--lib'];
  const names = ['approved', 'fips_tests', 'wycheproof'];
  const rust = await cargoTest([...options, '--', ...names]);
  const addon = prepare.testAddon('fips');
  prepare.python();
  // The module also encrypts TLS connections.
  const files = [...testFilesOf('fips'), '__test__/kms/connections.test.js'];
  const args = ['scripts/node-tests.js', CONCURRENCY, ...files];
  const testEnv = { KMS_ENVELOPE_NATIVE_PATH: addon };
  return combined([rust, nodeTests(await run(process.execPath, args, { env: testEnv }))]);
}

/** Returns Rust's target triple of this machine, such as `x86_64-unknown-linux-gnu`. */
async function hostTarget() {
  const { output } = await run('rustc', ['-vV'], { hold: true });
  return /^host: (.*)$/m.exec(output)[1];
}

/**
 * Runs `cargo test` with these arguments. It names the target, as `napi build` does: then addons for the tests
 * share what is built here.
 */
async function cargoTest(args) {
  const target = ['--target', await hostTarget()];
  const { ok, output } = await run('cargo', ['test', '--no-fail-fast', ...target, ...args]);
  const summary = output.match(/^test result: .*$/gm) ?? [];
  return counted(ok, summary, {
    passed: sum(summary, /(\d+) passed/),
    failed: sum(summary, /(\d+) failed/),
    skipped: sum(summary, /(\d+) ignored/),
  });
}

/** Returns the result of a run of scripts/node-tests.js, from its last line. */
function nodeTests({ ok, output }) {
  const summary = output.match(/^node --test: \d+ passed, \d+ failed, \d+ skipped$/gm) ?? [];
  return counted(ok, summary, {
    passed: sum(summary, /(\d+) passed/),
    failed: sum(summary, /(\d+) failed/),
    skipped: sum(summary, /(\d+) skipped/),
  });
}

/** Tests the types by compiling programs that use them; tsc counts nothing, and fails without a file. */
async function testTypes() {
  prepare.nodeModules();
  prepare.examples();
  const { ok } = await run('npx', ['--no', '--', 'tsc', '-p', '__test__/types']);
  return { ok };
}

/** Returns the results of several runs as one: their counts added up. */
function combined(results) {
  const total = (key) => results.reduce((n, { counts }) => n + (counts?.[key] ?? 0), 0);
  return {
    ok: results.every(({ ok }) => ok),
    error: results.find(({ error }) => error)?.error,
    summary: results.flatMap(({ summary }) => summary ?? []),
    counts: Object.fromEntries(COUNTED.map((key) => [key, total(key)])),
  };
}

/** Returns a result that is a failure if no test ran. */
function counted(ok, summary, counts) {
  if (ok && counts.passed === 0) return { ok: false, error: 'no test ran', summary, counts };
  return { ok, summary, counts };
}

function sum(lines, pattern) {
  return lines.reduce((total, line) => total + Number(pattern.exec(line)?.[1] ?? 0), 0);
}

/**
 * Runs a command and shows its output as it comes, or holds it back with `hold`; returns whether it succeeded,
 * and its output: with `hold`, also what it writes to standard error.
 */
async function run(command, args, { cwd = ROOT, env = {}, hold = false } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && command !== process.execPath,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    if (!hold) process.stdout.write(text);
  });
  if (hold) child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
  else child.stderr.pipe(process.stderr, { end: false });
  const [code] = await once(child, 'close');
  return { ok: code === 0, output: stripVTControlCharacters(output) };
}

function report(results) {
  console.log('\n== summary');
  for (const { name, seconds, ok, error, summary = [] } of results) {
    const outcome = error ? `failed: ${error}` : ok ? 'passed' : 'failed';
    console.log(`${name.padEnd(8)}${seconds.toFixed(1).padStart(7)} s  ${outcome}`);
    for (const line of summary) console.log(`          ${line}`);
  }
  const { counts } = combined(results);
  console.log(`\n${COUNTED.map((key) => `${counts[key]} ${key}`).join(', ')}`);
}

runMain(main, process.argv.slice(2));
