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

/** After so many failures there is nothing more to learn. */
const MOST_FAILURES = 10;
const DEFAULT_MINUTES = 8;
const LONGEST_ERROR = 4000;

const USAGE =
  'node scripts/differential.js [--minutes 8 | --cases N] [--seed N] [--case K] [--no-peers]\n' +
  'Writes random messages by every way, reads each by every other way, and compares.';

/** Runs cases until the time is over, or so many, or the one that is named, and sums up. */
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
  for (let i = first; i < end && !isOver() && results.failed < MOST_FAILURES; i++) {
    results[await runNumber(seed, i, run)]++;
  }
  await services.stop();
  report(run.tally, results, (Date.now() - started) / 1000);
}

/** Runs a case by its number; says which one it was if it fails. */
async function runNumber(seed, number, run) {
  const steps = [];
  try {
    await runCase(new Random(`${seed}:${number}`), run, (what) => steps.push(what));
    return 'passed';
  } catch (error) {
    console.log(`\nFAILED: case ${number} of seed ${seed}\n  ${steps.join('\n  ')}`);
    console.log(printable(inspect(error)).slice(0, LONGEST_ERROR));
    console.log(`  again: node scripts/differential.js --seed ${seed} --case ${number}`);
    for (const name of fs.readdirSync(run.folder)) {
      fs.rmSync(path.join(run.folder, name), { recursive: true, force: true });
    }
    return 'failed';
  }
}

/** A text whose control characters, which odd contexts have, a terminal need not interpret. */
function printable(text) {
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
