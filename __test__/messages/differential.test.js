'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { lastLine, runDifferential } = require('../support/differential');
const { skipWithout } = require('../support/requirements');

const WAYS = ['decrypt into', 'decryptWebStream', 'decryptFile', 'openMessage', 'reEncryptStream'];

describe('the differential run', () => {
  for (const seed of [1, 2]) {
    it(`finds no difference between the ways to write and to read: seed ${seed}`, () => {
      const { status, stdout } = runDifferential(['--seed', seed, '--cases', 12, '--no-peers']);
      assert.equal(status, 0, stdout);
      assert.equal(lastLine(stdout), '12 passed, 0 failed');
      for (const way of WAYS) assert.match(stdout, new RegExp(`[1-9]\\d*  ${way}\n`));
      assert.match(stdout, /^refused by: [1-9]/m);
    });
  }

  it("finds none to AWS's Encryption SDKs", { skip: skipWithout('python', 'peers') }, () => {
    const { status, stdout } = runDifferential(['--seed', 6, '--cases', 12]);
    assert.equal(status, 0, stdout);
    assert.equal(lastLine(stdout), '12 passed, 0 failed');
    assert.match(stdout, /[1-9]\d* {2}messages read by them\n/);
    assert.match(stdout, /[1-9]\d* {2}the SDK for javascript\n/);
    assert.match(stdout, /[1-9]\d* {2}the SDK for python\n/);
  });
});
