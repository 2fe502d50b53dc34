/** @jest-environment jsdom */
'use strict';

const { exercise } = require('../programs/exercise.cjs');

test('works in what looks like a browser', async () => {
  expect(typeof window).toBe('object');
  expect(await exercise(require('kms-envelope'))).toBe('works');
});
