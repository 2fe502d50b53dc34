'use strict';

// `node benchmark/compare.js ROOT [--quick]`: this tree of the repository beside another one, such as a
// worktree of an earlier commit in which the addon is built. Measures both in one run, and prints a table.
const path = require('node:path');
const { parseArgs } = require('node:util');

const { startJob } = require('./lib/child');
const { inRounds, together } = require('./lib/rounds');
const { digits, duration, ratioOf } = require('./report/figures');

const OWN = path.join(__dirname, '..');
/** Long samples: where threads wake each other up, short ones differ by a factor of two. */
const THOROUGH = { sampleNs: 60e6, rounds: 9, mostRounds: 0 };
/** How many processes each tree has, one after another: the speed of fresh memory differs between them. */
const PAIRS = 9;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean' } },
  });
  const [other] = positionals;
  if (other === undefined) throw new Error('name the root of another tree of this repository');
  const all = {};
  for (let pair = 0; pair < (values.quick ? 1 : PAIRS); pair++) {
    const trees = { before: await start(other), after: await start(OWN) };
    for (const name of trees.after.names) {
      const sides = Object.fromEntries(
        Object.entries(trees).map(([side, tree]) => [
          side,
          { sample: (n) => tree.sample(name, n) },
        ]),
      );
      (all[name] ??= []).push(await inRounds(sides, values.quick ? { quick: true } : THOROUGH));
    }
    for (const tree of Object.values(trees)) tree.stop();
  }
  console.log('| operation | before | after | after / before | spread |');
  console.log('| :- | -: | -: | -: | -: |');
  for (const [name, measured] of Object.entries(all)) console.log(row(name, together(measured)));
}

async function start(root) {
  const { told, ask, stop } = await startJob('tree.js', [root]);
  const sample = async (name, count) => (await ask({ name, count })).elapsed;
  return { names: told.names, sample, stop };
}

function row(name, sides) {
  const cases = { one: { groups: [{ name, sides }] } };
  const { ratio, spread } = ratioOf(cases, 'one', name, 'after', 'before');
  const times = [sides.before.median, sides.after.median].map(duration);
  return `| ${name} | ${times.join(' | ')} | ${digits(ratio)} | ${digits(100 * spread)} % |`;
}

main();
