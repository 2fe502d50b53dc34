'use strict';

// `node benchmark/compare.js ROOT [--quick]`: this tree of the repository beside another one, such as a
// worktree of an earlier commit in which the addon is built. Measures both in one run, and prints a table.
const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { inRounds } = require('./lib/rounds');
const { digits, duration, ratioOf } = require('./report/figures');

const JOB = path.join(__dirname, 'jobs', 'tree.js');
const OWN = path.join(__dirname, '..');

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean' } },
  });
  const [other] = positionals;
  if (other === undefined) throw new Error('name the root of another tree of this repository');
  const trees = { before: await start(other), after: await start(OWN) };
  console.log('| operation | before | after | after / before | spread |');
  console.log('| :- | -: | -: | -: | -: |');
  for (const name of trees.after.names) {
    const sides = Object.fromEntries(
      Object.entries(trees).map(([side, tree]) => [side, { sample: (n) => tree.sample(name, n) }]),
    );
    console.log(row(name, await inRounds(sides, { quick: values.quick })));
  }
  for (const tree of Object.values(trees)) tree.stop();
}

async function start(root) {
  const child = fork(JOB, [root], { execArgv: ['--expose-gc'] });
  const failed = once(child, 'exit').then(() => {
    throw new Error(`the process of ${root} has ended`);
  });
  failed.catch(() => {});
  const next = async () => (await Promise.race([once(child, 'message'), failed]))[0];
  const { names } = await next();
  return {
    names,
    async sample(name, count) {
      const answer = next();
      child.send({ name, count });
      return (await answer).elapsed;
    },
    stop: () => child.disconnect(),
  };
}

function row(name, sides) {
  const cases = { one: { groups: [{ name, sides }] } };
  const { ratio, spread } = ratioOf(cases, 'one', name, 'after', 'before');
  const times = [sides.before.median, sides.after.median].map(duration);
  return `| ${name} | ${times.join(' | ')} | ${digits(ratio)} | ${digits(100 * spread)} % |`;
}

main();
