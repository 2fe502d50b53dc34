'use strict';

// `node benchmark/compare.js ROOT [WORD] [--quick]`: this tree of the repository beside another one, such as a
// worktree of an earlier commit in which the addon is built. Measures both in one run, and prints a table: of all
// operations, or of those whose names contain a word. What waits for another thread is measured on one processor,
// by `taskset -c 0 node ...`: with more, the system's way of waking them differs more than the trees do.
const path = require('node:path');
const { parseArgs } = require('node:util');

const { startJob } = require('./lib/child');
const { inRounds, together } = require('./lib/rounds');
const { digits, duration, ratioOf } = require('./report/figures');

const OWN = path.join(__dirname, '..');
/** Long samples: where threads wake each other up, short ones differ by a factor of two. */
const THOROUGH = { sampleNs: 60e6, rounds: 9, mostRounds: 0 };
/**
 * How many processes each tree has for an operation, one after another: the speed of fresh memory differs between
 * them, and what one operation leaves behind slows the next one down.
 */
const PAIRS = 9;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean' } },
  });
  const [other, word = ''] = positionals;
  if (other === undefined) throw new Error('name the root of another tree of this repository');
  const all = {};
  for (let pair = 0; pair < (values.quick ? 1 : PAIRS); pair++) {
    for (const name of await operations(word)) {
      (all[name] ??= []).push(await compare(other, name, values.quick));
    }
  }
  console.log('| operation | before | after | after / before | spread |');
  console.log('| :- | -: | -: | -: | -: |');
  for (const [name, measured] of Object.entries(all)) console.log(row(name, together(measured)));
}

/** @param {string} word */
async function operations(word) {
  const { told, stop } = await startJob('tree.js', [OWN]);
  stop();
  return told.names.filter((name) => name.includes(word));
}

/** Measures an operation of both trees, each in a new process. */
async function compare(other, name, quick) {
  const trees = { before: await start(other, name), after: await start(OWN, name) };
  const measured = await inRounds(trees, quick ? { quick } : THOROUGH);
  for (const { stop } of Object.values(trees)) stop();
  return measured;
}

async function start(root, name) {
  const { ask, stop } = await startJob('tree.js', [root]);
  return { sample: async (count) => (await ask({ name, count })).elapsed, stop };
}

function row(name, sides) {
  const cases = { one: { groups: [{ name, sides }] } };
  const { ratio, spread } = ratioOf(cases, 'one', name, 'after', 'before');
  const times = [sides.before.median, sides.after.median].map(duration);
  return `| ${name} | ${times.join(' | ')} | ${digits(ratio)} | ${digits(100 * spread)} % |`;
}

main();
