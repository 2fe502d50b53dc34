'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { CASES } = require('../cases');

const FILE = path.join(__dirname, '..', 'results.json');

/** @typedef {{ environment?: Record<string, unknown>, cases: Record<string, Case> }} Results */
/**
 * @typedef {{ node: string, measured: string, waited: number, groups: import('../cases').Group[] }} Case
 *   `waited`: for which part of the time other programs had the processors
 */

/** Returns what has been measured so far. */
function read() {
  return fs.existsSync(FILE) ? JSON.parse(fs.readFileSync(FILE, 'utf8')) : { cases: {} };
}

/** Keeps what a case measured, in place of what it measured before. */
function keep(name, { node, waited, groups }) {
  const cases = read().cases;
  const measured = new Date().toISOString().slice(0, 10);
  cases[name] = { node, measured, waited, groups };
  const inOrder = Object.keys(CASES).filter((known) => cases[known]);
  const all = Object.fromEntries(inOrder.map((known) => [known, cases[known]]));
  const results = { environment: environment(), cases: all };
  // Four digits are more than any of it is good for.
  const rounded = (_key, value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  const text = JSON.stringify(results, rounded, 1).replace(/\[[\d\s.,e+-]+\]/g, (list) =>
    list.replace(/\s+/g, ' '),
  );
  fs.writeFileSync(`${FILE}.new`, `${text}\n`);
  fs.renameSync(`${FILE}.new`, FILE);
}

/** The machine. */
function environment() {
  return {
    processor: os.cpus()[0].model.trim(),
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release().split('-')[0]}`,
    rust: execFileSync('rustc', ['--version'], { encoding: 'utf8' }).split(' ')[1],
  };
}

module.exports = { environment, keep, read };
