'use strict';

/** The algorithm suites: whether they derive the key from the data key, commit to it, and sign. */
const SUITES = [
  { id: 0x0014, derives: false, committing: false, signed: false },
  { id: 0x0046, derives: false, committing: false, signed: false },
  { id: 0x0078, derives: false, committing: false, signed: false },
  { id: 0x0114, derives: true, committing: false, signed: false },
  { id: 0x0146, derives: true, committing: false, signed: false },
  { id: 0x0178, derives: true, committing: false, signed: false },
  { id: 0x0214, derives: true, committing: false, signed: true },
  { id: 0x0346, derives: true, committing: false, signed: true },
  { id: 0x0378, derives: true, committing: false, signed: true },
  { id: 0x0478, derives: true, committing: true, signed: false },
  { id: 0x0578, derives: true, committing: true, signed: true },
];
const DEFAULT_SUITE = SUITES.find(({ id }) => id === 0x0478);

/** Returns a suite: the default one in at least a third of the cases. */
function randomSuite(random) {
  return random.onceIn(3) ? DEFAULT_SUITE : random.pick(SUITES);
}

/** Returns a commitment policy under which a suite is written. */
function writingPolicy(random, { committing }) {
  if (!committing) return 'forbidEncryptAllowDecrypt';
  return random.pick(['requireEncryptRequireDecrypt', 'requireEncryptAllowDecrypt']);
}

/**
 * Returns a commitment policy under which a suite is read; re-encryption writes under the target's policy.
 */
function readingPolicy(random, { committing }) {
  const policies = ['requireEncryptAllowDecrypt', 'forbidEncryptAllowDecrypt'];
  return random.pick(committing ? ['requireEncryptRequireDecrypt', ...policies] : policies);
}

module.exports = { DEFAULT_SUITE, randomSuite, readingPolicy, writingPolicy };
