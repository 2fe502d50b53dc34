'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { describe, it } = require('node:test');
const { promisify } = require('node:util');

const MIB = 1024 * 1024;
const SHORT = 200 * MIB;
const LONG = 1024 * MIB;
const SCRIPT = path.join(__dirname, 'support', 'stream_memory.js');
// glibc gives freed memory back at once then; else the peak also shows how it is fragmented.
const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: String(32 * 1024) };
const skip = process.platform !== 'linux' && 'measured on Linux';

describe('the memory of streams', { skip }, () => {
  it('does not depend on the length, and is little more than that of a copy', async (t) => {
    const copy = await peak(t, 'copy', LONG);
    const short = await peak(t, 'envelope', SHORT);
    const long = await peak(t, 'envelope', LONG);
    assert.ok(long - copy <= 40 * MIB, `${long - copy} bytes more than a copy`);
    assert.ok(Math.abs(long - short) <= 16 * MIB, `${long - short} bytes more for more data`);
  });
});

/** The most memory that a process has for streams of so many bytes. */
async function peak(t, what, bytes) {
  const command = ['--expose-gc', SCRIPT, what, bytes];
  const { stdout } = await promisify(execFile)(process.execPath, command, { env });
  const result = JSON.parse(stdout);
  assert.equal(result.length, bytes, 'all of it came out');
  t.diagnostic(`${what}, ${bytes / MIB} MiB: ${(result.peak / MIB).toFixed(1)} MiB`);
  return result.peak;
}
