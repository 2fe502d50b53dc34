'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { describe, it } = require('node:test');
const { promisify } = require('node:util');

const { temporaryFolder } = require('../support/files');

const MIB = 1024 * 1024;
const LENGTH = 256 * MIB;
const skip = process.platform !== 'linux' && 'measured on Linux';
const folder = temporaryFolder();

describe('memory of a process', { skip }, () => {
  for (const [writer, reader] of [
    ['encrypt', 'decrypt'],
    ['encryptSync', 'decryptSync'],
  ]) {
    it(`peaks in ${writer} and ${reader} at little more than their output's length`, async (t) => {
      const file = path.join(folder, writer);
      for (const operation of [writer, reader]) {
        const { length, rise } = await run('peak-memory.js', operation, file);
        t.diagnostic(`${operation}: ${(rise / MIB).toFixed(1)} MiB`);
        assert.ok(length >= LENGTH, 'the output is whole');
        assert.ok(rise > LENGTH / 2, 'the peak is measured');
        assert.ok(rise <= length + 16 * MIB, `${operation}: ${rise} bytes for ${length}`);
      }
    });
  }

  for (const [mode, title, most] of [
    ['turning', 'does not grow with the number of calls', 8 * MIB],
    // What the addon still holds then is freed at the next turn: it may not be the messages' data.
    ['blocking', 'grows little in a loop without a turn of the event loop', 64 * MIB],
  ]) {
    it(title, async (t) => {
      const { growth } = await run('growth.js', mode);
      t.diagnostic(`${(growth / MIB).toFixed(1)} MiB`);
      assert.ok(growth <= most, `${growth} bytes`);
    });
  }
});

/** Runs a script of the folder support; what it prints. */
async function run(script, ...args) {
  const command = ['--expose-gc', path.join(__dirname, '..', 'support', script), ...args];
  const { stdout } = await promisify(execFile)(process.execPath, command);
  return JSON.parse(stdout);
}
