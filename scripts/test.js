'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { stripVTControlCharacters } = require('node:util');
const prepare = require('./prepare');

const { ROOT } = prepare;
// A test that hangs fails, and does not hold up whoever waits for the run.
const TIMEOUT_MS = 600_000;

const STAGES = {
  rust: testRust,
  node: testNode,
  types: testTypes,
  service: testService,
  site: testSite,
};

/**
 * The subjects whose tests would prove the same with another cipher engine: what they test lies above it.
 * A run with the second engine leaves them out; a new subject takes part unless it is named here.
 */
const WITHOUT_CIPHERS = [
  'cli',
  'docs',
  'frameworks',
  'hostile',
  'house',
  'kms',
  'memory',
  'orms',
  'process',
];

/** `npm test -- [STAGE...]`: prepares what the stages need, runs them, and sums up. */
async function main(names) {
  const unknown = names.find((name) => !STAGES[name]);
  if (unknown) throw new Error(`no stage ${unknown}; there are: ${Object.keys(STAGES).join(', ')}`);

  const results = [];
  for (const name of names.length > 0 ? names : Object.keys(STAGES)) {
    console.log(`\n== ${name}`);
    const started = Date.now();
    const result = await STAGES[name]().catch((error) => ({ ok: false, error: error.message }));
    results.push({ name, seconds: (Date.now() - started) / 1000, ...result });
  }
  report(results);
  if (results.some((result) => !result.ok)) process.exitCode = 1;
}

/** With each engine for messages; the second run also compares the two. */
async function testRust() {
  const summary = [];
  let allOk = true;
  for (const engines of ['aws-lc', 'aws-lc,rust-crypto,aws-kms']) {
    const features = ['--no-default-features', '--features', engines];
    const { ok, output } = await run('cargo', ['test', ...features]);
    summary.push(...(output.match(/^test result: .*$/gm) ?? []));
    allOk &&= ok;
  }
  return counted(allOk, summary, {
    passed: sum(summary, /(\d+) passed/),
    failed: sum(summary, /(\d+) failed/),
    skipped: sum(summary, /(\d+) ignored/),
  });
}

async function testNode() {
  const engine = process.env.KMS_ENVELOPE_ENGINE || 'aws-lc';
  const addon = await prepareForNode(engine);
  const files = testFiles(engine === 'aws-lc' ? [] : WITHOUT_CIPHERS);
  if (files.length === 0) return { ok: false, error: 'there is no __test__/SUBJECT/*.test.js' };

  const options = ['--test-concurrency=2', `--test-timeout=${TIMEOUT_MS}`];
  const own = engine === 'aws-lc' ? {} : { KMS_ENVELOPE_NATIVE_PATH: addon };
  return withShared(async (shared) => {
    const env = { ...own, ...shared };
    return nodeTests(
      await run(process.execPath, ['scripts/node-tests.js', ...options, ...files], { env }),
    );
  });
}

/** Makes the addon, and what it is tested with beside it: linking is busy with one processor for minutes. */
async function prepareForNode(engine) {
  prepare.nodeModules();
  const addon = engine === 'aws-lc' ? 'addon' : `addon:${engine}`;
  const steps = [[addon], prepare.TEST_STEPS];
  const made = await Promise.all(
    steps.map((names) => run(process.execPath, ['scripts/prepare.js', ...names])),
  );
  if (made.some(({ ok }) => !ok)) throw new Error('what the tests need could not be made');
  return prepare.addon({ engine });
}

/**
 * Starts each emulator once, and lets the package be packed once, for all test files that `work` runs in
 * the environment that it is given.
 *
 * @template T
 * @param {(environment: Record<string, string>) => Promise<T>} work
 */
async function withShared(work) {
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

/** The test files of all subjects but these; folders with other things have no such file. */
function testFiles(leftOut) {
  const folders = fs.readdirSync(path.join(ROOT, '__test__'));
  const subjects = folders.filter((name) => !leftOut.includes(name));
  return subjects.flatMap((subject) => {
    const folder = path.join(ROOT, '__test__', subject);
    const names = fs.readdirSync(folder).filter((name) => name.endsWith('.test.js'));
    return names.map((name) => `__test__/${subject}/${name}`);
  });
}

/** The key-management service, on both of its databases. */
async function testService() {
  prepare.addon();
  prepare.python();
  return nodeTests(await run('npm', ['test'], { cwd: path.join(ROOT, 'service') }));
}

/** The site of the documentation, built and looked at in a browser. */
async function testSite() {
  prepare.addon();
  const { ok } = await run(process.execPath, ['scripts/site.js']);
  if (!ok) return { ok, error: 'the site was not built' };
  return nodeTests(await run('npm', ['test'], { cwd: path.join(ROOT, 'site') }));
}

/** What scripts/node-tests.js has counted. */
function nodeTests({ ok, output }) {
  const summary = output.match(/^node --test: \d+ passed, \d+ failed, \d+ skipped$/gm) ?? [];
  return counted(ok, summary, {
    passed: sum(summary, /(\d+) passed/),
    failed: sum(summary, /(\d+) failed/),
    skipped: sum(summary, /(\d+) skipped/),
  });
}

/** The types are tested by compiling; tsc counts nothing, and fails if it finds no file. */
async function testTypes() {
  prepare.nodeModules();
  prepare.examples();
  const { ok } = await run('npx', ['--no', '--', 'tsc', '-p', '__test__/types']);
  return { ok };
}

function counted(ok, summary, counts) {
  if (ok && counts.passed === 0) return { ok: false, error: 'no test ran', summary, counts };
  return { ok, summary, counts };
}

function sum(lines, pattern) {
  return lines.reduce((total, line) => total + Number(pattern.exec(line)?.[1] ?? 0), 0);
}

/** Runs a command, its output shown as it comes and kept. */
async function run(command, args, { cwd = ROOT, env = {} } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && command !== process.execPath,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    process.stdout.write(text);
  });
  child.stderr.pipe(process.stderr, { end: false });
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
  const total = (key) => results.reduce((n, { counts }) => n + (counts?.[key] ?? 0), 0);
  const counts = ['passed', 'failed', 'skipped'].map((key) => `${total(key)} ${key}`);
  console.log(`\n${counts.join(', ')}`);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
