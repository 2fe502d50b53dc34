'use strict';

/**
 * Parts of keys and values: property names of Object, other scripts, and characters that UTF-8 and UTF-16
 * sort differently.
 */
const TEXTS = [
  'tenant',
  'purpose',
  'a',
  'A',
  'constructor',
  'toString',
  '10',
  '9',
  ' ',
  '\n',
  '\0',
  'grüße',
  'gru\u0308ße',
  '\uff5e',
  '\u{1f511}',
  '\u{10ffff}',
  '\u202e',
  '\ufeff',
  '日本',
];

/** Returns an encryption context: none, a few odd pairs, or many. */
function randomContext(random) {
  if (random.onceIn(5)) return {};
  const count = random.onceIn(12) ? random.between(50, 300) : random.between(1, 6);
  const pairs = Array.from({ length: count }, () => [text(random), value(random)]);
  return Object.fromEntries(pairs);
}

/** Returns required keys: pairs that the message authenticates but does not store. */
function randomRequiredKeys(random, context) {
  return random.onceIn(4) ? random.some(Object.keys(context)).slice(0, 3) : [];
}

/** Returns the context that the reader is given: the required pairs, and some or all of the others. */
function expectedPairs(random, context, requiredKeys) {
  const keys = random.pick([[], Object.keys(context), random.some(Object.keys(context))]);
  const expected = new Set([...keys, ...requiredKeys]);
  return Object.fromEntries(Object.entries(context).filter(([key]) => expected.has(key)));
}

/**
 * Returns the pairs sorted by key, without the public key of a signed message.
 */
function pairsOf(context) {
  return Object.entries(context)
    .filter(([key]) => key !== 'aws-crypto-public-key')
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function text(random) {
  return Array.from({ length: random.between(1, 3) }, () => random.pick(TEXTS)).join('');
}

function value(random) {
  if (random.onceIn(8)) return '';
  return random.onceIn(8) ? 'long '.repeat(random.below(100)) : text(random);
}

module.exports = { expectedPairs, pairsOf, randomContext, randomRequiredKeys };
