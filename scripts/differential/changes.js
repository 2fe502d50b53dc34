'use strict';

const { layout } = require('./frames');

/**
 * A change after which a message must be refused: of the message, of the expected context, or of the key.
 *
 * @typedef {object} Change
 * @property {string} name
 * @property {'header' | 'frames' | 'end' | 'after' | 'context'} place where it is
 * @property {Buffer} [message] the changed message
 * @property {Record<string, string>} [expected] the pairs that the reader is given instead
 * @property {'other'} [reader] that another key reads
 */

/**
 * Returns some random changes of a message.
 *
 * @param {import('./random').Random} random
 * @param {import('./read-ways').Subject} subject
 * @param {number} count how many at most
 * @returns {Change[]}
 */
function randomChanges(random, subject, count) {
  const parts = layout(subject.message);
  return random
    .shuffled(CHANGES)
    .slice(0, count)
    .flatMap((change) => change(random, subject, parts) ?? []);
}

const CHANGES = [
  flip,
  flip,
  flip,
  cut,
  cut,
  append,
  swap,
  repeat,
  leaveOut,
  wrongPair,
  anotherPair,
];
CHANGES.push(wrongRequiredPair, missingRequiredPair, otherKey);

/** Flips one bit: the header, the last frame and all that is between are chosen equally often. */
function flip(random, { message }, { headerLength, frames, bodyEnd }) {
  const last = frames.at(-1)?.from ?? headerLength;
  const [place, from, to] = random.pick([
    ['header', 0, headerLength],
    ...(last > headerLength ? [['frames', headerLength, last]] : []),
    ['end', last, bodyEnd],
    ...(message.length > bodyEnd ? [['end', bodyEnd, message.length]] : []),
  ]);
  const at = random.between(from, to - 1);
  const bit = random.below(8);
  const changed = Buffer.from(message);
  changed[at] ^= 1 << bit;
  return { name: `bit ${bit} of byte ${at} flipped`, place, message: changed };
}

/** Cuts the message at the end of a part, one byte beside it, or anywhere. */
function cut(random, { message }, { headerLength, frames }) {
  const edges = [0, headerLength, message.length - 1, ...frames.map(({ to }) => to)];
  const edge = random.pick([random.pick(edges), random.below(message.length)]);
  const length = Math.min(message.length - 1, Math.max(0, edge + random.between(-1, 1)));
  return { name: `cut to ${length} bytes`, place: 'end', message: message.subarray(0, length) };
}

function append(random, { message }) {
  const more = random.pick([Buffer.alloc(1), random.bytes(random.between(1, 100)), message]);
  const name = `${more.length} bytes appended`;
  return { name, place: 'after', message: Buffer.concat([message, more]) };
}

/** Swaps two frames, neither of them the last. */
function swap(random, { message }, { headerLength, frames }) {
  if (frames.length < 3) return undefined;
  const first = random.below(frames.length - 2);
  const second = random.between(first + 1, frames.length - 2);
  const order = [...frames.keys()];
  [order[first], order[second]] = [second, first];
  const changed = inOrder(message, headerLength, frames, order);
  return { name: `frames ${first} and ${second} swapped`, place: 'frames', message: changed };
}

function repeat(random, { message }, { headerLength, frames }) {
  if (frames.length < 2) return undefined;
  const twice = random.below(frames.length - 1);
  const order = [...frames.keys()].flatMap((i) => (i === twice ? [i, i] : [i]));
  const changed = inOrder(message, headerLength, frames, order);
  return { name: `frame ${twice} twice`, place: 'end', message: changed };
}

function leaveOut(random, { message }, { headerLength, frames }) {
  if (frames.length < 2) return undefined;
  const missing = random.below(frames.length);
  const order = [...frames.keys()].filter((i) => i !== missing);
  const changed = inOrder(message, headerLength, frames, order);
  return { name: `frame ${missing} left out`, place: 'end', message: changed };
}

function inOrder(message, headerLength, frames, order) {
  const parts = order.map((i) => message.subarray(frames[i].from, frames[i].to));
  const rest = message.subarray(frames.at(-1).to);
  return Buffer.concat([message.subarray(0, headerLength), ...parts, rest]);
}

function wrongPair(random, subject) {
  const keys = Object.keys(subject.context).filter((key) => !subject.requiredKeys.includes(key));
  if (keys.length === 0) return undefined;
  return changedContext(subject, random.pick(keys), 'of another value');
}

function anotherPair(_random, subject) {
  return changedContext(subject, 'a key that no message has', 'added');
}

function wrongRequiredPair(random, subject) {
  if (subject.requiredKeys.length === 0) return undefined;
  return changedContext(subject, random.pick(subject.requiredKeys), 'required, of another value');
}

function missingRequiredPair(random, { expected, requiredKeys }) {
  if (requiredKeys.length === 0) return undefined;
  const { [random.pick(requiredKeys)]: _, ...rest } = expected;
  return { name: 'a required pair is missing', place: 'context', expected: rest };
}

/** Returns the change that the reader expects another value of this key. */
function changedContext({ expected, context }, key, how) {
  const value = `${context[key] ?? ''}x`;
  return {
    name: `the pair ${JSON.stringify(key)} ${how}`,
    place: 'context',
    expected: { ...expected, [key]: value },
  };
}

function otherKey() {
  return { name: 'read with another key', place: 'header', reader: 'other' };
}

module.exports = { randomChanges };
