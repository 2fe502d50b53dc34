'use strict';

const KIB = 1024;
const MIB = 1024 * KIB;
const DEFAULT_FRAME = 64 * KIB;
/** More frames than this take long and show nothing new. */
const MOST_FRAMES = 2000;

/**
 * Returns lengths of a plaintext and of its frames, more often at an edge than by chance.
 *
 * @returns {{ length: number, frameLength: number }} in bytes
 */
function randomLengths(random) {
  const frameLength = random.pick(FRAMES)(random);
  const length = random.pick(PLAINTEXTS)(random, frameLength);
  return { length, frameLength: Math.max(frameLength, Math.ceil(length / MOST_FRAMES)) };
}

const FRAMES = [
  () => DEFAULT_FRAME,
  () => DEFAULT_FRAME,
  (random) => random.between(1, 20),
  (random) => random.between(1, 1000),
  (random) => 128 * random.between(1, 40),
  (random) => random.pick([4096, 4095, 4097, DEFAULT_FRAME - 1, DEFAULT_FRAME + 1]),
  (random) => random.pick([MIB, 2 ** 31 - 1, 2 ** 32 - 1]),
];

const around = (random, edge) => Math.max(0, edge + random.between(-1, 1));

const PLAINTEXTS = [
  (random) => random.below(3),
  (random) => random.below(300),
  (random) => random.below(5000),
  (random) => random.below(300 * KIB),
  (random, frame) => around(random, Math.min(frame, 300 * KIB)),
  (random, frame) => around(random, Math.min(frame, 100 * KIB) * random.between(1, 6)),
  (random) => around(random, 64 * KIB * random.between(1, 5)),
  // Near the lengths at which the library cuts its work into calls of the addon, and into threads.
  (random) => (random.onceIn(4) ? around(random, random.pick(SLICES)) : random.below(100)),
  (random) => (random.onceIn(20) ? random.below(12 * MIB) : random.below(2000)),
];
const SLICES = [0.5 * MIB, MIB, 1.25 * MIB, 2 * MIB, 2.5 * MIB, 5 * MIB];

module.exports = { DEFAULT_FRAME, MIB, around, randomLengths };
