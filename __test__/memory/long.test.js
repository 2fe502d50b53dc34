'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { promisify } = require('node:util');

const { temporaryFolder } = require('../support/files');

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
// LONG_MIB=8192 is eight GiB, before a release.
const LENGTHS = [128 * MIB, Number(process.env.LONG_MIB ?? 768) * MIB];
// What a bare copy through Node.js streams may be exceeded by.
const MOST_OVER_COPY = 40 * MIB;
const MOST_APART = 32 * MIB;
const TRIES = 3;
const ENCRYPT = ['encryptFile', 'encryptStream', 'encryptWebStream'];
const DECRYPT = ['decryptFile', 'decryptStream', 'decryptWebStream'];
const OPERATIONS = [...ENCRYPT, ...DECRYPT, 'decryptRange'];
const folder = temporaryFolder();

describe('memory of files and streams', { skip: skipReason() }, () => {
  it('is little more than that of a copy through streams, however long they are', async (t) => {
    const peaks = [];
    for (const length of LENGTHS) peaks.push(await measure(length));
    for (const [i, length] of LENGTHS.entries()) {
      const shown = Object.entries(peaks[i]).map(
        ([name, peak]) => `${name} ${Math.round(peak / MIB)}`,
      );
      t.diagnostic(`${length / MIB} MiB: ${shown.join(', ')} MiB`);
    }
    const [few, many] = peaks;
    for (const operation of OPERATIONS) {
      for (const peak of peaks) {
        const over = peak[operation] - peak.copy;
        assert.ok(over <= MOST_OVER_COPY, `${operation}: ${over} bytes more than a copy`);
      }
      // What Node.js itself takes more for more is its own.
      const apart = many[operation] - few[operation] - Math.max(0, many.copy - few.copy);
      assert.ok(apart <= MOST_APART, `${operation}: ${apart} bytes apart`);
    }
  });
});

function skipReason() {
  if (process.platform !== 'linux') return 'measured on Linux';
  const { bavail, bsize } = fs.statfsSync(folder);
  // A source of holes takes none; the message and one copy do.
  const needed = 3 * LENGTHS.at(-1);
  return bavail * bsize < needed && `${needed / GIB} GiB are needed in ${folder}`;
}

/** The peak of each operation on a file of this length. */
async function measure(length) {
  const place = (name) => path.join(folder, name);
  fs.writeFileSync(place('plaintext'), '');
  fs.truncateSync(place('plaintext'), length);
  const peaks = { copy: await run('copy', place('plaintext'), place('copy')) };
  for (const operation of ENCRYPT) {
    peaks[operation] = await least(operation, place('plaintext'), place('message'), peaks.copy);
  }
  for (const operation of DECRYPT) {
    peaks[operation] = await least(operation, place('message'), place('back'), peaks.copy);
    assert.equal(fs.statSync(place('back')).size, length);
  }
  peaks.decryptRange = await run('decryptRange', place('message'), place('none'));
  fs.rmSync(place('message'));
  fs.rmSync(place('back'));
  return peaks;
}

/**
 * Returns what an operation takes. It has up to three tries to come near a copy: on a busy machine the
 * collector of JavaScript's memory may not keep up with the stream.
 */
async function least(operation, source, destination, copy) {
  let peak = await run(operation, source, destination);
  for (let i = 1; i < TRIES && peak - copy > MOST_APART / 2; i++) {
    fs.rmSync(destination);
    peak = Math.min(peak, await run(operation, source, destination));
  }
  return peak;
}

/** The peak of a process that does one operation; a copy is removed. */
async function run(operation, source, destination) {
  const script = path.join(__dirname, '..', 'support', 'file-job.js');
  const job = [script, operation, source, destination];
  const { stdout } = await promisify(execFile)(process.execPath, job);
  const { code, peak } = JSON.parse(stdout.trim().split('\n').at(-1));
  assert.equal(code, undefined, `${operation}: ${code}`);
  if (operation === 'copy') fs.rmSync(destination);
  return peak;
}
