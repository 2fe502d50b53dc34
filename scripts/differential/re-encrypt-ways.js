'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs/promises');

const { through } = require('../../__test__/support/streams');
const { outputRoom, randomPieces, randomView } = require('./bytes');
const { withFiles } = require('./read-ways');

/** More than a header, a signature and the overhead of all frames take in any case of a run. */
const OVERHEAD = 400_000;

/** The ways to re-encrypt to the target, whose reader then reads the new message. */
const RE_ENCRYPT_WAYS = [
  way('reEncrypt', ({ reader, message, target }, random, options) =>
    reader.reEncrypt(randomView(random, message), target.writer, options),
  ),
  way('reEncrypt into', async (subject, random, options) => {
    const { reader, message, target } = subject;
    // How much is needed follows from the message's length, also where bytes were appended.
    const room = outputRoom(random, message.length + OVERHEAD);
    const view = randomView(random, message);
    const output = await reader.reEncrypt(view, target.writer, { ...options, into: room.into });
    room.checkOutput(output);
    return Buffer.from(output);
  }),
  way('reEncryptStream', async (subject, random, options) => {
    const { reader, message, suite, target } = subject;
    const signed = suite.signed ? { signed: 'release-before-verified' } : {};
    const stream = reader.reEncryptStream(target.writer, { ...options, ...signed });
    const { output, error } = await through(stream, randomPieces(random, message));
    if (!error) return output;
    await checkIncomplete(output, target);
    throw error;
  }),
  way('reEncryptFile', ({ reader, message, newFolder, target }, _random, options) =>
    withFiles(newFolder, message, async (source, destination) => {
      const result = await reader.reEncryptFile(source, destination, target.writer, options);
      const output = await fs.readFile(destination);
      assert.deepEqual(result, { oldMessageLength: message.length, messageLength: output.length });
      return output;
    }),
  ),
];

/** @returns {import('./read-ways').ReadWay} */
function way(name, reEncrypt) {
  return {
    name,
    applies: ({ target }) => target !== undefined,
    async read(subject, random) {
      const { expected, target } = subject;
      const { newContext: newEncryptionContext } = target;
      const options = { encryptionContext: expected, newEncryptionContext };
      if (newEncryptionContext === undefined) delete options.newEncryptionContext;
      const newMessage = await reEncrypt(subject, random, options);
      const found = await target.reader.decryptMessage(newMessage, {
        encryptionContext: target.expected,
      });
      return { ...found, newMessage };
    },
  };
}

/** Checks that what a stream released of a message, before it refused it, cannot be decrypted. */
async function checkIncomplete(output, { reader, expected: encryptionContext }) {
  const settled = await Promise.allSettled([reader.decrypt(output, { encryptionContext })]);
  assert.equal(settled[0].status, 'rejected', 'a refused message came out as another, whole');
}

module.exports = { RE_ENCRYPT_WAYS };
