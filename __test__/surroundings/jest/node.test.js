'use strict';

const { exercise } = require('../programs/exercise.cjs');

test('works', async () => {
  expect(await exercise(require('kms-envelope'))).toBe('works');
});

test('works while the timers stand still', async () => {
  jest.useFakeTimers();
  expect(await exercise(require('kms-envelope'))).toBe('works');
});

test('works when it is loaded while the timers stand still', async () => {
  jest.useFakeTimers();
  jest.resetModules();
  expect(await exercise(require('kms-envelope'))).toBe('works');
});
