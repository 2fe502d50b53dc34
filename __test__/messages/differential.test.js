'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { describe, it } = require('node:test');

const { skipWithout } = require('../support/requirements');

const ROOT = path.join(__dirname, '..', '..');
const SCRIPT = path.join('scripts', 'differential.js');
const BREAK = path.join(__dirname, '..', 'support', 'broken-envelope.js');
const WAYS = ['decrypt into', 'decryptWebStream', 'decryptFile', 'openMessage', 'reEncryptStream'];

describe('the differential run', () => {
  for (const seed of [1, 2]) {
    it(`finds no difference between the ways to write and to read: seed ${seed}`, () => {
      const { status, stdout } = run(['--seed', seed, '--cases', 12, '--no-peers']);
      assert.equal(status, 0, stdout);
      assert.equal(lastLine(stdout), '12 passed, 0 failed');
      for (const way of WAYS) assert.match(stdout, new RegExp(`[1-9]\\d*  ${way}\n`));
      assert.match(stdout, /^refused by: [1-9]/m);
    });
  }

  it("finds none to AWS's Encryption SDKs", { skip: skipWithout('python', 'peers') }, () => {
    const { status, stdout } = run(['--seed', 6, '--cases', 12]);
    assert.equal(status, 0, stdout);
    assert.equal(lastLine(stdout), '12 passed, 0 failed');
    assert.match(stdout, /[1-9]\d* {2}messages read by them\n/);
    assert.match(stdout, /[1-9]\d* {2}the SDK for javascript\n/);
    assert.match(stdout, /[1-9]\d* {2}the SDK for python\n/);
  });

  for (const fault of ['lost byte', 'no refusal', 'short range']) {
    it(`finds a fault in one way, and says how to see it again: ${fault}`, () => {
      const { status, stdout } = run(['--seed', 4, '--cases', 5, '--no-peers'], fault);
      assert.equal(status, 1, stdout);
      const [, again] = /again: node (.+)/.exec(stdout);
      assert.doesNotMatch(lastLine(stdout), / 0 failed/);
      const second = run([...again.split(' ').slice(1), '--no-peers'], fault);
      assert.equal(second.status, 1, second.stdout);
      assert.equal(lastLine(second.stdout), '0 passed, 1 failed');
    });
  }

  it('fails if it ran no case', () => {
    const { status, stdout } = run(['--cases', 0, '--no-peers']);
    assert.equal(status, 1);
    assert.equal(lastLine(stdout), '0 passed, 0 failed');
  });

  it('refuses an option that it does not know', () => {
    const { status, stderr } = run(['--minuets', 8]);
    assert.equal(status, 2);
    assert.match(stderr, /node scripts\/differential\.js \[--minutes 8/);
  });
});

/** @param {string} [fault] what `support/broken-envelope.js` breaks */
function run(args, fault) {
  const broken = fault === undefined ? [] : ['--require', BREAK];
  return spawnSync(process.execPath, [...broken, SCRIPT, ...args.map(String)], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, BROKEN: fault },
  });
}

function lastLine(output) {
  return output.trimEnd().split('\n').at(-1);
}
