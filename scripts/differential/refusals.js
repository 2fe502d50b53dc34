'use strict';

const assert = require('node:assert/strict');

const { EnvelopeError } = require('../..');
const { mayRefuseWith } = require('./agreement');
const { randomChanges } = require('./changes');

const CHANGES = 2;

/**
 * Checks that every way refuses some changed copies of a message, with the code of the first way, and
 * releases nothing that has not verified.
 *
 * @param {import('./random').Random} random
 * @param {{ tally: import('./tally').Tally }} run
 * @param {import('./read-ways').Subject} subject
 * @param {import('./read-ways').ReadWay[]} ways the first is the one that all others are compared with
 * @param {(what: string) => void} describe
 */
async function checkRefusals(random, { tally }, subject, ways, describe) {
  for (const change of randomChanges(random, subject, CHANGES)) {
    describe(change.name);
    const changed = changedSubject(subject, change);
    const [first, ...others] = ways.filter((way) => way.applies(changed));
    const { code } = await refusal(first, changed, random.fork());
    tally.count('refused by', first.name);
    for (const way of random.shuffled(others)) {
      const refused = await refusal(way, changed, random.fork(), change);
      if (!refused) continue;
      tally.count('refused by', way.name);
      if (way.isPeer) tally.count('peers', 'refusals');
      else {
        const agrees = mayRefuseWith(refused.code, code, way, changed, change);
        assert.ok(agrees, `${way.name} refused it with ${refused.code}, decrypt with ${code}`);
      }
    }
  }
}

function changedSubject(subject, { message, expected, reader }) {
  const changed = { ...subject, changed: true };
  if (message) changed.message = message;
  if (expected) changed.expected = expected;
  if (reader) Object.assign(changed, { reader: subject.other, readerKey: subject.otherKey });
  if (reader) changed.readerCache = undefined;
  return changed;
}

/**
 * Returns the error of a way that must refuse; undefined if it need not notice the change, and did not.
 */
async function refusal(way, subject, random, change) {
  const released = [];
  const needNotNotice = change && way.sees?.(change) === false;
  try {
    await way.read(subject, random, released);
  } catch (error) {
    checkError(way, error);
    checkReleased(way, subject, Buffer.concat(released), change);
    return error;
  }
  assert.ok(needNotNotice, `${way.name} did not refuse it`);
  return undefined;
}

function checkError(way, error) {
  if (way.isPeer ? !(error instanceof assert.AssertionError) : error instanceof EnvelopeError)
    return;
  throw new Error(`${way.name} failed with an error of another kind`, { cause: error });
}

/** Checks what came out before a refusal: whole frames, unchanged, and of a stream only. */
function checkReleased({ name, releasesFrames }, subject, released, change) {
  if (released.length === 0) return;
  const { plaintext, frameLength, suite } = subject;
  assert.ok(releasesFrames, `${name} released ${released.length} bytes and then refused it`);
  assert.ok(!['header', 'context'].includes(change.place), `${name} released bytes`);
  const start = plaintext.subarray(0, released.length);
  assert.ok(released.equals(start), `${name} released wrong bytes`);
  const mayBeWhole = change.place === 'after' && !suite.signed;
  const whole = mayBeWhole && released.length === plaintext.length;
  assert.ok(whole || released.length % frameLength === 0, `${name} released a part of a frame`);
}

module.exports = { checkRefusals };
