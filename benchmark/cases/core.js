'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');

const { ROOT } = require('../../scripts/prepare');

const RESULTS = path.join(ROOT, 'target', 'criterion');
const RECORDS = 10_000;

/** Criterion measures the core in Rust; this reads what it found. */
async function core() {
  const options = ['--locked', '--no-default-features', '--features', 'aws-lc', '--bench', 'core'];
  const child = spawn('cargo', ['bench', ...options], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error('cargo bench has failed');
  const messages = ['encrypt', 'decrypt'].flatMap((operation) => messagesOf(operation));
  return [
    ...messages,
    { name: 'batch', records: RECORDS, sides: sidesIn('batch', (name) => [name, '']).get('') },
  ];
}

/** One group for each length: criterion has a folder for each side, and in it one for each length. */
function messagesOf(operation) {
  const found = sidesIn(operation, (name) => name.split(path.sep));
  return [...found]
    .sort(([a], [b]) => a - b)
    .map(([length, sides]) => ({ name: `${operation}, ${length}`, bytes: Number(length), sides }));
}

/**
 * Returns the sides below a folder of results, by what `split` makes of their names: side and group.
 */
function sidesIn(folder, split) {
  const groups = new Map();
  const root = path.join(RESULTS, folder);
  for (const file of fs.readdirSync(root, { recursive: true })) {
    if (!file.endsWith(path.join('new', 'estimates.json'))) continue;
    const [side, group] = split(path.dirname(path.dirname(file)));
    const { median } = JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'));
    const { lower_bound: low, upper_bound: high } = median.confidence_interval;
    const measured = { median: median.point_estimate, low, high, values: [median.point_estimate] };
    groups.set(group, { ...groups.get(group), [side.replaceAll('_', ' ')]: measured });
  }
  return groups;
}

module.exports = { core };
