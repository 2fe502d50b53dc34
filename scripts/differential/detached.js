'use strict';

const assert = require('node:assert/strict');
const { buffer: collect } = require('node:stream/consumers');

const { EnvelopeError } = require('../..');

const CALLS = 2;

/**
 * Detaches the buffer of an input while a call uses it: the result must be that of the whole input, or an
 * error; never that of a part.
 *
 * @param {import('./random').Random} random
 * @param {{ tally: import('./tally').Tally }} run
 * @param {import('./scenario').Scenario} scenario
 * @param {import('./read-ways').Subject} subject
 */
async function checkDetached(random, { tally }, scenario, subject) {
  for (const { name, needs, call } of random.shuffled(WAYS).slice(0, CALLS)) {
    const input = Uint8Array.from(needs === 'plaintext' ? subject.plaintext : subject.message);
    const running = call(input, scenario, subject);
    await someTurns(random.below(3));
    if (input.length > 0) structuredClone(input.buffer, { transfer: [input.buffer] });
    const [{ value, reason }] = await Promise.allSettled([running]);
    const refused =
      reason instanceof EnvelopeError && reason.code === 'ERR_ENVELOPE_INVALID_ARGUMENT';
    if (reason && !refused) throw new Error(`${name}, its input detached`, { cause: reason });
    if (!reason) {
      const plaintext = needs === 'plaintext' ? await decrypt(value, subject) : value;
      assert.ok(plaintext.equals(subject.plaintext), `${name} took what was left of its input`);
    }
    tally.count(reason ? 'detached: refused by' : 'detached: too late for', name);
  }
}

const WAYS = [
  {
    name: 'encrypt',
    needs: 'plaintext',
    call: (input, { writer, context: encryptionContext }) =>
      writer.encrypt(input, { encryptionContext }),
  },
  {
    name: 'encryptStream',
    needs: 'plaintext',
    call(input, { writer, context: encryptionContext }) {
      const stream = writer.encryptStream({ encryptionContext });
      stream.end(input);
      return collect(stream);
    },
  },
  {
    name: 'encryptWebStream',
    needs: 'plaintext',
    async call(input, { writer, context: encryptionContext }) {
      const { readable, writable } = writer.encryptWebStream({ encryptionContext });
      const sink = writable.getWriter();
      const writing = Promise.all([sink.write(input), sink.close()]);
      const [output] = await Promise.all([collect(readable), writing]);
      return output;
    },
  },
  {
    name: 'decrypt',
    needs: 'message',
    call: (input, _scenario, { reader, expected: encryptionContext }) =>
      reader.decrypt(input, { encryptionContext }),
  },
  {
    name: 'decryptMessage',
    needs: 'message',
    async call(input, _scenario, { reader, expected: encryptionContext }) {
      return (await reader.decryptMessage(input, { encryptionContext })).plaintext;
    },
  },
  {
    name: 'reEncrypt',
    needs: 'message',
    async call(input, _scenario, { reader, expected: encryptionContext, target }) {
      const message = await reader.reEncrypt(input, target.writer, {
        encryptionContext,
        newEncryptionContext: target.context,
      });
      return target.reader.decrypt(message, { encryptionContext: target.expected });
    },
  },
];

function decrypt(message, { reader, expected: encryptionContext }) {
  return reader.decrypt(message, { encryptionContext });
}

/** Waits for nothing (0), for the microtasks (1) or for a turn of the event loop (2). */
function someTurns(when) {
  return [() => undefined, () => Promise.resolve(), () => new Promise(setImmediate)][when]();
}

module.exports = { checkDetached };
