'use strict';

const { execFile, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { cargoTool } = require('./cargo-tool');
const { runMain } = require('./run-main.js');

const ROOT = path.join(__dirname, '..');
const FUZZ = path.join(ROOT, 'fuzz');
const CARGO_FUZZ = '0.13.2';
const TARGETS = ['header', 'frames', 'decrypt', 'range', 'round_trip', 's3_object'];
const DEFAULT_SECONDS = 10;

/**
 * `node scripts/fuzz.js [TARGET...] [SECONDS]`: runs each fuzz target for SECONDS (default 10), as many at
 * once as there are processors.
 */
async function main(args) {
  const seconds = Number(args.find((arg) => /^\d+$/.test(arg)) ?? DEFAULT_SECONDS);
  const named = args.filter((arg) => !/^\d+$/.test(arg));
  const unknown = named.find((name) => !TARGETS.includes(name));
  if (unknown) throw new Error(`no target ${unknown}; there are: ${TARGETS.join(', ')}`);

  const cargoFuzz = cargoTool('cargo-fuzz', CARGO_FUZZ);
  build(cargoFuzz);
  const targets = named.length > 0 ? named : TARGETS;
  const results = await mapConcurrently(os.availableParallelism(), targets, (target) =>
    run(cargoFuzz, target, seconds),
  );
  console.log('');
  for (const { target, ok, runs, coverage } of results) {
    const outcome = ok ? 'passed' : 'FAILED: see fuzz/artifacts';
    console.log(`${target.padEnd(12)}${runs} runs, coverage ${coverage}, ${outcome}`);
  }
  const failed = results.filter(({ ok }) => !ok).length;
  console.log(`${results.length - failed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
}

/** @param {string} cargoFuzz */
function build(cargoFuzz) {
  check(
    spawnSync(cargoFuzz, ['fuzz', 'build'], { cwd: FUZZ, env: env(), stdio: 'inherit' }),
    'build',
  );
}

/** Returns what `work` gives for each item, in the items' order; at most `limit` run at once. */
async function mapConcurrently(limit, items, work) {
  const results = [];
  const left = items.entries();
  const workers = Array.from({ length: limit }, async () => {
    for (const [i, item] of left) results[i] = await work(item);
  });
  await Promise.all(workers);
  return results;
}

async function run(cargoFuzz, target, seconds) {
  const corpus = path.join('corpus', target);
  const seeds = path.join('seeds', target);
  fs.mkdirSync(path.join(FUZZ, corpus), { recursive: true });
  const folders = [corpus, ...(fs.existsSync(path.join(FUZZ, seeds)) ? [seeds] : [])];
  const options = [`-max_total_time=${seconds}`, '-print_final_stats=1'];
  const args = ['fuzz', 'run', target, ...folders, '--', ...options];
  const { ok, stderr } = await runToEnd(cargoFuzz, args);
  if (!ok) console.error(stderr.slice(-8000));
  const runs = Number(/stat::number_of_executed_units:\s*(\d+)/.exec(stderr)?.[1] ?? 0);
  const coverage = Number(
    stderr
      .match(/cov: \d+/g)
      ?.at(-1)
      ?.slice(5) ?? 0,
  );
  // A target that runs nothing proves nothing.
  return { target, ok: ok && runs > 0, runs, coverage };
}

/** Runs a program; returns whether it succeeded, and what it wrote to standard error. */
function runToEnd(program, args) {
  const options = { cwd: FUZZ, env: env(), maxBuffer: 1 << 28 };
  return new Promise((resolve) => {
    execFile(program, args, options, (error, _, stderr) => resolve({ ok: !error, stderr }));
  });
}

/** Returns the environment in which the stable compiler takes unstable flags, as the sanitizers are. */
function env() {
  return { ...process.env, RUSTC_BOOTSTRAP: '1' };
}

function check({ status, error }, task) {
  if (error) throw error;
  if (status !== 0) throw new Error(`${task} failed`);
}

runMain(main, process.argv.slice(2));
