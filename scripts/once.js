'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/**
 * Does a step, unless it was done with the same inputs and what it made is still there.
 *
 * @param {string} stamp the file that remembers the inputs of the last time
 * @param {string} inputs a hash of all that the step depends on
 * @param {() => boolean} isThere
 * @param {() => void} step
 */
function once(stamp, inputs, isThere, step) {
  const done = fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === inputs;
  if (done && isThere()) return;
  step();
  fs.mkdirSync(path.dirname(stamp), { recursive: true });
  fs.writeFileSync(stamp, inputs);
}

/** Returns a hash of some values, and of the files and folders at some paths in the repository. */
function hash(values, paths) {
  const digest = crypto.createHash('sha256').update(JSON.stringify(values));
  for (const file of paths.flatMap(filesUnder)) {
    digest.update(`\n${file}\n`).update(fs.readFileSync(path.join(ROOT, file)));
  }
  return digest.digest('hex');
}

function filesUnder(name) {
  const stat = fs.statSync(path.join(ROOT, name), { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [name];
  return fs
    .readdirSync(path.join(ROOT, name))
    .sort()
    .flatMap((entry) => filesUnder(path.join(name, entry)));
}

module.exports = { ROOT, hash, once };
