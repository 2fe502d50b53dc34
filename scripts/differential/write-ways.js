'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs/promises');
const path = require('node:path');

const api = require('../..');
const { through, throughWeb } = require('../../__test__/support/streams');
const { outputRoom, randomPieces, randomView } = require('./bytes');
const { peerWriters } = require('./peer-ways');
const { DEFAULT_FRAME } = require('./lengths');

/** At least the length of header, frame overhead and signature in every case of a run, in bytes. */
const OVERHEAD = 400_000;

/**
 * A way to write a message.
 *
 * @typedef {{
 *   name: string,
 *   applies(scenario: Scenario): boolean,
 *   write(scenario: Scenario, random: Random): Promise<Buffer>,
 * }} WriteWay
 * @typedef {import('./scenario').Scenario} Scenario
 * @typedef {import('./random').Random} Random
 */

/** @type {WriteWay[]} */
const OUR_WAYS = [
  {
    name: 'encrypt',
    applies: always,
    write: ({ writer, plaintext, context: encryptionContext }, random) =>
      writer.encrypt(randomView(random, plaintext), { encryptionContext }),
  },
  {
    name: 'encrypt into',
    applies: always,
    async write({ writer, plaintext, context: encryptionContext }, random) {
      const room = outputRoom(random, plaintext.length + OVERHEAD);
      const options = { encryptionContext, into: room.into };
      const message = await writer.encrypt(randomView(random, plaintext), options);
      room.checkOutput(message);
      return Buffer.from(message);
    },
  },
  {
    name: 'encryptSync',
    applies: needsNoCall,
    async write(scenario, random) {
      const { writer, plaintext, context: encryptionContext } = scenario;
      if (scenario.key.callsService) await writer.warm({ encryptionContext });
      return writer.encryptSync(randomView(random, plaintext), { encryptionContext });
    },
  },
  {
    name: 'encryptSync into',
    applies: needsNoCall,
    async write(scenario, random) {
      const { writer, plaintext, context: encryptionContext } = scenario;
      if (scenario.key.callsService) await writer.warm({ encryptionContext });
      const room = outputRoom(random, plaintext.length + OVERHEAD);
      const options = { encryptionContext, into: room.into };
      const message = writer.encryptSync(randomView(random, plaintext), options);
      room.checkOutput(message);
      return Buffer.from(message);
    },
  },
  {
    name: 'encryptStream',
    applies: always,
    write: ({ writer, plaintext, context }, random) =>
      output(
        through(
          writer.encryptStream(streamOptions(random, plaintext, context)),
          randomPieces(random, plaintext),
        ),
      ),
  },
  {
    name: 'encryptWebStream',
    applies: always,
    write: ({ writer, plaintext, context }, random) =>
      output(
        throughWeb(
          writer.encryptWebStream(streamOptions(random, plaintext, context)),
          randomPieces(random, plaintext),
        ),
      ),
  },
  {
    name: 'encryptFile',
    applies: always,
    async write({ writer, plaintext, context: encryptionContext, folder }) {
      const [source, destination] = ['plaintext', 'message'].map((name) => path.join(folder, name));
      await fs.writeFile(source, plaintext);
      const result = await writer.encryptFile(source, destination, { encryptionContext });
      const message = await fs.readFile(destination);
      assert.deepEqual(result, {
        plaintextLength: plaintext.length,
        messageLength: message.length,
      });
      await Promise.all([fs.rm(source), fs.rm(destination)]);
      return message;
    },
  },
  {
    name: 'encryptBatch',
    applies: ({ suite }) => suite.derives,
    async write({ writer, writerCache, plaintext, context: encryptionContext }, random) {
      const others = Array.from({ length: random.below(5) }, () =>
        random.bytes(random.below(3000)),
      );
      // A batch has one data key, so it has at most as many messages as the cache allows for one.
      const most = writerCache?.maxMessages ?? others.length + 1;
      const items = [...others.slice(0, most - 1), plaintext];
      const place = random.below(items.length);
      [items[place], items[items.length - 1]] = [plaintext, items[place]];
      const views = items.map((item) => randomView(random, item));
      const messages = await writer.encryptBatch(views, { encryptionContext });
      const back = await writer.decryptBatch(
        messages.map(({ value }) => value),
        { encryptionContext },
      );
      back.forEach(({ value }, i) => assert.ok(value.equals(items[i]), `item ${i} of a batch`));
      return messages[place].value;
    },
  },
  {
    name: 'encrypt of the module',
    applies: fitsModuleFunctions,
    write: ({ key: { keyId }, plaintext, context: encryptionContext }, random) =>
      api.encrypt(randomView(random, plaintext), { keyId, encryptionContext }),
  },
  {
    name: 'encryptStream of the module',
    applies: fitsModuleFunctions,
    write: ({ key: { keyId }, plaintext, context }, random) =>
      output(
        through(
          api.encryptStream({ keyId, ...streamOptions(random, plaintext, context) }),
          randomPieces(random, plaintext),
        ),
      ),
  },
];

/** @type {WriteWay[]} */
const WRITE_WAYS = [...OUR_WAYS, ...peerWriters];

function always() {
  return true;
}

/** Returns whether a synchronous call can have a data key: with a key service, one that is in the cache. */
function needsNoCall({ key, suite, writerCache }) {
  return !key.callsService || (suite.derives && isUnlimited(writerCache));
}

/** Returns whether an envelope has a cache with the defaults, which keeps all entries during a case. */
function isUnlimited(cache) {
  return cache !== undefined && Object.keys(cache).length === 0;
}

/** Returns whether the functions of the module can write it: they take a key id, and have the defaults. */
function fitsModuleFunctions({ key, suite, frameLength, requiredKeys }) {
  const usual = suite.id === 0x0478 && frameLength === DEFAULT_FRAME;
  return key.keyId !== undefined && usual && requiredKeys.length === 0;
}

function streamOptions(random, { length }, encryptionContext) {
  return { encryptionContext, ...(random.onceIn(2) ? { plaintextLength: length } : {}) };
}

/** Returns the output of a stream; throws if it failed. */
async function output(running) {
  const { output, error } = await running;
  if (error) throw error;
  return output;
}

module.exports = { OUR_WAYS, WRITE_WAYS, isUnlimited };
