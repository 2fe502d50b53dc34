'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs/promises');
const path = require('node:path');

const { Envelope, inspect } = require('../..');
const { pairsOf } = require('./contexts');
const { checkDetached } = require('./detached');
const { peerReaders } = require('./peer-ways');
const { RANGE_WAYS } = require('./range-ways');
const { RE_ENCRYPT_WAYS } = require('./re-encrypt-ways');
const { FILE_WAYS, STREAM_WAYS, WHOLE_WAYS } = require('./read-ways');
const { checkRefusals } = require('./refusals');
const { randomScenario } = require('./scenario');
const { shortCode } = require('./agreement');
const { OUR_WAYS, WRITE_WAYS } = require('./write-ways');

/** `decrypt` comes first: it puts the data key into the cache, for the synchronous ways. */
const READ_WAYS = [
  ...WHOLE_WAYS,
  ...STREAM_WAYS,
  ...FILE_WAYS,
  ...RANGE_WAYS,
  ...RE_ENCRYPT_WAYS,
  ...peerReaders,
];
/** The peers, which are slow, take part in one of so many cases. */
const PEERS_ONCE_IN = 5;

/**
 * Writes one message by one way, reads it by every way, re-encrypts it, reads that by every way, and
 * has changed copies refused by every way. Throws at the first difference.
 *
 * @param {import('./random').Random} random
 * @param {{ keys: object, peers: object, folder: string, tally: import('./tally').Tally }} run
 * @param {(what: string) => void} describe is told what the case is, step by step
 */
async function runCase(random, run, describe) {
  const scenario = randomScenario(random, run.keys, run.folder);
  scenario.peers = random.onceIn(PEERS_ONCE_IN) ? run.peers : {};
  const way = pickWriter(random, scenario);
  describe(describeScenario(scenario, way));
  const message = await way.write(scenario, random.fork());
  run.tally.count('written by', way.name);

  const subject = subjectOf(scenario, message, scenario);
  checkHeader(inspect(message), subject, { stored: true });
  const newMessages = await readByAll(random, run, subject, describe);
  await checkRefusals(random, run, subject, READ_WAYS, describe);
  describe('detached');
  await checkDetached(random, run, scenario, subject);

  describe('re-encrypted');
  const { target, otherKey } = scenario;
  const again = subjectOf({ ...target, otherKey }, random.pick(newMessages), scenario);
  checkHeader(inspect(again.message), again, { stored: true });
  await readByAll(random, run, again, describe);
  assert.deepEqual(await fs.readdir(run.folder), [], 'files that are left');
}

/** Returns a way of ours to write or, in half of the cases with peers, one of theirs. */
function pickWriter(random, scenario) {
  const applicable = WRITE_WAYS.filter((way) => way.applies(scenario));
  const peers = applicable.filter((way) => !OUR_WAYS.includes(way));
  const ours = applicable.filter((way) => OUR_WAYS.includes(way));
  return random.pick(peers.length > 0 && random.onceIn(2) ? peers : ours);
}

/** @returns {import('./read-ways').Subject} */
function subjectOf(settings, message, { plaintext, peers, folder }) {
  // A peer writes frames of its own choice.
  const { contentType, frameLength } = inspect(message);
  const { reader, readerKey, readerCache, suite, context, expected, requiredKeys } = settings;
  return {
    ...{ reader, readerKey, readerCache, suite, context, expected, requiredKeys, peers },
    target: settings.target,
    other: new Envelope({
      keyring: settings.otherKey.keyring,
      commitmentPolicy: 'requireEncryptAllowDecrypt',
      requiredContextKeys: requiredKeys,
    }),
    otherKey: settings.otherKey,
    message,
    original: message,
    changed: false,
    plaintext,
    framed: contentType === 'framed',
    frameLength,
    newFolder: () => fs.mkdtemp(path.join(folder, 'call-')),
  };
}

/**
 * Reads by all ways, one after the other or all at once; returns the messages that came of it.
 *
 * @param {import('./read-ways').Subject} subject
 */
async function readByAll(random, { tally }, subject, describe) {
  const [first, ...others] = READ_WAYS.filter((way) => way.applies(subject));
  const newMessages = [];
  const check = async (way, choices) => {
    const result = await attempt(way, subject, choices);
    checkResult(way, subject, result);
    tally.count(result.error ? 'refused for its kind by' : 'read by', way.name);
    if (way.isPeer) tally.count('peers', 'messages read by them');
    if (result.newMessage) newMessages.push(result.newMessage);
  };
  await check(first, random.fork());
  const calls = random.shuffled(others).map((way) => [way, random.fork()]);
  if (random.onceIn(3)) {
    describe('all ways at once');
    const settled = await Promise.allSettled(calls.map((call) => check(...call)));
    for (const { reason } of settled) if (reason) throw reason;
  } else {
    for (const call of calls) await check(...call);
  }
  return newMessages;
}

async function attempt(way, subject, random) {
  try {
    return await way.read(subject, random, []);
  } catch (error) {
    return { error };
  }
}

function checkResult(way, subject, { error, plaintext, header, newMessage }) {
  const refusal = way.refuses?.(subject);
  if (error && refusal && shortCode(String(error.code)) === refusal) return;
  if (error) throw new Error(`${way.name} failed`, { cause: error });
  assert.equal(refusal, undefined, `${way.name} did not refuse the message`);
  if (plaintext) {
    assert.ok(plaintext.equals(subject.plaintext), `${way.name} gave other bytes`);
  }
  if (header) checkHeader(header, newMessage ? subject.target : subject, { way: way.name });
}

/**
 * Checks a header against what was written. With `stored` it is the header in the message, where the
 * required pairs are missing; otherwise the one that the way to read gave.
 */
function checkHeader(header, { suite, context, requiredKeys, frameLength }, { stored, way }) {
  const name = `the header that ${way ?? 'inspect'} found`;
  const missing = new Set(stored ? requiredKeys : []);
  const expected = pairsOf(context).filter(([key]) => !missing.has(key));
  assert.deepEqual(pairsOf(header.encryptionContext), expected, name);
  assert.equal(header.algorithmSuite.id, suite.id, name);
  assert.equal('aws-crypto-public-key' in header.encryptionContext, suite.signed, name);
  assert.equal(header.frameLength, frameLength, name);
}

function describeScenario({ plaintext, frameLength, suite, context, key, readerKey, target }, way) {
  const pairs = Object.keys(context).length;
  return (
    `${plaintext.length} bytes in frames of ${frameLength}, suite 0x${suite.id.toString(16)}, ` +
    `${pairs} pairs, under ${key.name}, written by ${way.name}, read with ${readerKey.name}, ` +
    `to suite 0x${target.suite.id.toString(16)} under ${target.key.name}`
  );
}

module.exports = { runCase };
