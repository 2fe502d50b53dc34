'use strict';

const assert = require('node:assert/strict');
const sinon = require('sinon');
const library = require('kms-envelope');
const { exercise } = require('../programs/exercise.cjs');

describe('the package', () => {
  afterEach(() => sinon.restore());

  it('works', async () => {
    assert.equal(await exercise(library), 'works');
  });

  it('works while the timers stand still', async () => {
    const toFake = ['setTimeout', 'setInterval', 'setImmediate', 'Date', 'hrtime', 'performance'];
    sinon.useFakeTimers({ toFake });
    assert.equal(await exercise(library), 'works');
  });

  it('encrypts while all stands still', async () => {
    // Without streams: Node.js's own stop with nextTick.
    sinon.useFakeTimers();
    assert.equal(await exercise(library, { streams: false }), 'works');
  });
});
