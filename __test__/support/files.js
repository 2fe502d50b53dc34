'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after } = require('node:test');

/** A temporary folder that goes when the test file ends. */
function temporaryFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-'));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Asserts that large buffers are the same, without a printed difference. */
function same(found, expected) {
  assert.ok(found.equals(expected), `${found.length} bytes, not the ${expected.length} expected`);
}

module.exports = { same, temporaryFolder };
