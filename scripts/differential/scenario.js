'use strict';

const { Envelope } = require('../..');
const { expectedPairs, randomContext, randomRequiredKeys } = require('./contexts');
const { randomLengths } = require('./lengths');
const { randomSuite, readingPolicy, writingPolicy } = require('./suites');

/**
 * What one case writes, and with what.
 *
 * @typedef {ReturnType<typeof randomScenario>} Scenario
 */

/**
 * Returns what one case writes, the envelopes it writes and reads with, and where it re-encrypts to.
 *
 * @param {import('./random').Random} random
 * @param {ReturnType<typeof import('./keys').makeKeys>} keys
 * @param {string} folder for the files of this case
 */
function randomScenario(random, keys, folder) {
  const { length, frameLength } = randomLengths(random);
  const plaintext = random.bytes(length);
  const context = randomContext(random);
  const requiredKeys = randomRequiredKeys(random, context);
  const pair = envelopes(random, keys.random(random), { frameLength, requiredKeys });
  return {
    ...pair,
    plaintext,
    context,
    requiredKeys,
    expected: expectedPairs(random, context, requiredKeys),
    frameLength,
    folder,
    otherKey: keys.other(pair.key),
    target: randomTarget(random, keys, context, length),
  };
}

/** Returns where the message is re-encrypted to; its context is the old one's, or another. */
function randomTarget(random, keys, oldContext, length) {
  const newContext = random.onceIn(2) ? undefined : randomContext(random);
  const context = newContext ?? oldContext;
  const requiredKeys = randomRequiredKeys(random, context);
  const lengths = randomLengths(random);
  const frameLength = Math.max(lengths.frameLength, Math.ceil(length / 2000));
  return {
    ...envelopes(random, keys.random(random), { frameLength, requiredKeys }),
    frameLength,
    newContext,
    context,
    requiredKeys,
    expected: expectedPairs(random, context, requiredKeys),
  };
}

/** Returns envelopes that write and read under one suite, each with or without a cache. */
function envelopes(random, key, { frameLength, requiredKeys: requiredContextKeys }) {
  const suite = randomSuite(random);
  const [writerCache, readerCache] = [randomCache(random), randomCache(random)];
  const readerKey = random.onceIn(2) ? key : random.pick(key.parts);
  const writer = new Envelope({
    keyring: key.keyring,
    algorithmSuite: suite.id,
    commitmentPolicy: writingPolicy(random, suite),
    frameLength,
    requiredContextKeys,
    cache: writerCache,
  });
  const reader = new Envelope({
    keyring: readerKey.keyring,
    commitmentPolicy: readingPolicy(random, suite),
    requiredContextKeys,
    cache: readerCache,
  });
  return { key, suite, writer, writerCache, readerKey, reader, readerCache };
}

/** Returns no cache, one with the defaults, or one with tight limits. */
function randomCache(random) {
  return random.pick([
    undefined,
    undefined,
    {},
    { maxEntries: random.between(1, 3), maxMessages: random.between(1, 3) },
  ]);
}

module.exports = { randomScenario };
