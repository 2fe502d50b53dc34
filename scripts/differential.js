'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { inspect, parseArgs } = require('node:util');

const { runCase } = require('./differential/case');
const { makeKeys } = require('./differential/keys');
const { Random } = require('./differential/random');
const { startServices } = require('./differential/services');
const { Tally } = require('./differential/tally');

/** The run stops after this many failed cases. */
const MAX_FAILURES = 10;
const DEFAULT_MINUTES = 8;
/** Longer descriptions of errors are cut off, in characters. */
const MAX_ERROR_LENGTH = 4000;

const USAGE =
  'node scripts/differential.js [--minutes 8 | --cases N] [--seed N] [--case K] [--no-peers]\n' +
  'Writes random messages by every way, reads each by every other way, and compares.';

/** Runs cases for `--minutes`, or `--cases` of them, or the one of `--case`, and prints a summary. */
async function main() {
  const { minutes, seed, first, end, peers } = options();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-differential-'));
  const cleanUp = () => fs.rmSync(folder, { recursive: true, force: true });
  process.once('exit', cleanUp);
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (interrupted = true));

  const services = await startServices(peers);
  const [keyFolder, cases] = ['keys', 'cases'].map((name) => path.join(folder, name));
  for (const name of [keyFolder, cases]) fs.mkdirSync(name);
  const keys = makeKeys(keyFolder, services.kms);
  const run = { keys, peers: services.peers, folder: cases, tally: new Tally() };
  console.log(`seed ${seed}; peers: ${services.names.join(', ') || 'none'}`);

  const started = Date.now();
  const results = { passed: 0, failed: 0 };
  const isOver = () => interrupted || Date.now() - started >= minutes * 60_000;
  for (let i = first; i < end && !isOver() && results.failed < MAX_FAILURES; i++) {
    results[await runNumberedCase(seed, i, run)]++;
  }
  await services.stop();
  report(run.tally, results, (Date.now() - started) / 1000);
}

/**
 * Runs one case. If it fails, prints its steps, its error, and the command that repeats it.
 *
 * @returns {Promise<'passed' | 'failed'>}
 */
async function runNumberedCase(seed, number, run) {
  const steps = [];
  try {
    await runCase(new Random(`${seed}:${number}`), run, (step) => steps.push(step));
    return 'passed';
  } catch (error) {
    console.log(`\nFAILED: case ${number} of seed ${seed}\n  ${steps.join('\n  ')}`);
    console.log(withoutControls(inspect(error)).slice(0, MAX_ERROR_LENGTH));
    console.log(`  again: node scripts/differential.js --seed ${seed} --case ${number}`);
    for (const name of fs.readdirSync(run.folder)) {
      fs.rmSync(path.join(run.folder, name), { recursive: true, force: true });
    }
    return 'failed';
  }
}

/**
 * Returns a text with its control characters escaped: random contexts hold some, which a terminal would
 * interpret.
 */
function withoutControls(text) {
  return text.replace(
    /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/g,
    (found) => `\\u{${found.codePointAt(0).toString(16)}}`,
  );
}

function report(tally, { passed, failed }, seconds) {
  console.log(['', ...tally.lines()].join('\n'));
  const mostMemory = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    `cases: ${passed + failed}, in ${seconds.toFixed(0)} s, with ${mostMemory} MiB at most`,
  );
  console.log(`${passed} passed, ${failed} failed`);
  // A run without a case proves nothing.
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

function options() {
  try {
    return readOptions();
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    return process.exit(2);
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string' },
      cases: { type: 'string' },
      seed: { type: 'string', default: String(crypto.randomInt(2 ** 32)) },
      case: { type: 'string' },
      'no-peers': { type: 'boolean', default: false },
    },
  });
  for (const name of ['minutes', 'cases', 'seed', 'case']) {
    if (values[name] !== undefined && !(Number(values[name]) >= 0)) {
      throw new Error(`--${name} must be a number`);
    }
  }
  const first = Number(values.case ?? 0);
  const count = values.case === undefined ? (values.cases ?? Infinity) : 1;
  const minutes = values.minutes ?? (count === Infinity ? DEFAULT_MINUTES : Infinity);
  return {
    minutes: Number(minutes),
    seed: values.seed,
    first,
    end: first + Number(count),
    peers: !values['no-peers'],
  };
}

main();
