'use strict';

// `node benchmark/run.js [CASE...] [--quick] [--draw]`
//
// Measures all cases, or some, and keeps each in results.json as soon as it is done; then draws the
// tables and plots of all that is there. --draw only draws. --quick measures less, keeps nothing,
// and prints its ratios beside the targets: it reports, and never fails on a time. It fails if a case
// cannot be measured. That the documents are what results.json draws, __test__/house checks.
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { parseArgs } = require('node:util');

const prepare = require('../scripts/prepare');

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean' }, draw: { type: 'boolean' } },
  });
  prepare.addon();
  prepare.python();
  prepare.benchmark();
  prepare.s3();
  prepare.examples();
  const { CASES } = require('./cases');
  const unknown = positionals.find((name) => !CASES[name]);
  if (unknown) throw new Error(`no case ${unknown}; there are: ${Object.keys(CASES).join(', ')}`);

  const { quick = false, draw = false } = values;
  const all = Object.keys(CASES).filter((name) => !quick || CASES[name].quick);
  const names = positionals.length > 0 ? positionals : all;
  await (quick ? measureQuickly(names) : measureAndDraw(draw ? [] : names));
}

async function measureAndDraw(names) {
  const results = require('./lib/results');
  await each(names, [], results.keep);
  await require('./report').draw(results.read());
}

async function measureQuickly(names) {
  const cases = {};
  await each(names, ['--quick'], (name, measured) => (cases[name] = measured));
  const { targetTable } = require('./report');
  console.log(`\n${await targetTable({ cases }, { measuredOnly: true })}`);
}

/** Measures each case; one that fails, which is an error and not a time, does not keep the others. */
async function each(names, options, take) {
  for (const name of names) {
    try {
      take(name, await measure(name, options));
    } catch (error) {
      console.error(`${name}: ${error.message}`);
      process.exitCode = 1;
    }
  }
}

/** Runs a case in a process of its own, with the version of Node.js that it is for. */
async function measure(name, options) {
  const { CASES } = require('./cases');
  const started = Date.now();
  process.stdout.write(`${name} `);
  const worker = path.join(__dirname, 'worker.js');
  const child = spawn(nodeBinary(CASES[name].major), ['--expose-gc', worker, name, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  if (code !== 0) throw new Error(`it has failed after ${seconds} s`);
  const measured = JSON.parse(output);
  console.log(`${seconds} s, waited for a processor ${(100 * measured.waited).toFixed(0)} % of it`);
  return measured;
}

/** From npm, so that all versions come from one place; elsewhere than on Linux, the one at hand. */
function nodeBinary(major) {
  const { existsSync } = require('node:fs');
  const binary = path.join(__dirname, 'node_modules', `node-${major}`, 'bin', 'node');
  if (existsSync(binary)) return binary;
  console.warn(`(by Node.js ${process.versions.node}, as there is no other here)`);
  return process.execPath;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
