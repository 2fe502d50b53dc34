'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { lastLine, runDifferential } = require('../support/differential');

describe('scripts/differential.js', () => {
  for (const fault of ['lost byte', 'no refusal', 'short range']) {
    it(`finds a fault in one way, and says how to see it again: ${fault}`, () => {
      const { status, stdout } = runDifferential(['--seed', 4, '--cases', 5, '--no-peers'], fault);
      assert.equal(status, 1, stdout);
      const [, again] = /again: node (.+)/.exec(stdout);
      assert.doesNotMatch(lastLine(stdout), / 0 failed/);
      const second = runDifferential([...again.split(' ').slice(1), '--no-peers'], fault);
      assert.equal(second.status, 1, second.stdout);
      assert.equal(lastLine(second.stdout), '0 passed, 1 failed');
    });
  }

  it('fails if it ran no case', () => {
    const { status, stdout } = runDifferential(['--cases', 0, '--no-peers']);
    assert.equal(status, 1);
    assert.equal(lastLine(stdout), '0 passed, 0 failed');
  });

  it('refuses an option that it does not know', () => {
    const { status, stderr } = runDifferential(['--minuets', 8]);
    assert.equal(status, 2);
    assert.match(stderr, /node scripts\/differential\.js \[--minutes 8/);
  });
});
