import * as library from 'kms-envelope';
import { expect, test, vi } from 'vitest';
import { exercise } from '../programs/exercise.cjs';

test('works', async () => {
  expect(await exercise(library)).toBe('works');
});

test('works while the timers stand still', async () => {
  vi.useFakeTimers();
  try {
    expect(await exercise(library)).toBe('works');
  } finally {
    vi.useRealTimers();
  }
});

// Node.js's own streams stop with nextTick, and vitest's channel between processes, too.
test.skipIf(process.env.POOL === 'forks')('encrypts while all stands still', async () => {
  vi.useFakeTimers({
    toFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'hrtime'],
  });
  try {
    expect(await exercise(library, { streams: false })).toBe('works');
  } finally {
    vi.useRealTimers();
  }
});
