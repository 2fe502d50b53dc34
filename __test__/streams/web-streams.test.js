'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');

const { inspect } = require('../..');
const { truncate } = require('../support/edits');
const { thrown } = require('../support/rejects');
const { FRAME, envelope, inputOf, short } = require('../support/stream-envelopes');
const { cut, ended, failure, randomly, throughWeb } = require('../support/streams');

const KIB = 1024;
const MIB = 1024 * KIB;
const DIRECTIONS = ['encryptWebStream', 'decryptWebStream'];

describe('encryptWebStream and decryptWebStream', () => {
  for (const size of [0, 1, FRAME - 1, FRAME, FRAME + 1, MIB, 5 * MIB + 3]) {
    it(`${size} bytes come back as they were`, () =>
      roundTrip(envelope, crypto.randomBytes(size), FRAME));
  }

  for (const [name, size, chunks] of [
    ['single bytes', 20_001, 1],
    ['random lengths', 3 * MIB, randomly(0, 200_000)],
    ['one chunk of 5 MiB', 5 * MIB, 5 * MIB],
  ]) {
    it(`chunks of every kind come back as they were: ${name}`, () =>
      roundTrip(short, crypto.randomBytes(size), chunks));
  }

  it('the body of a Response and the stream of a Blob go through', async () => {
    const plaintext = crypto.randomBytes(300_000);
    const body = new Response(plaintext).body.pipeThrough(envelope.encryptWebStream());
    const message = Buffer.from(await new Response(body).arrayBuffer());
    assert.deepEqual(await envelope.decrypt(message), plaintext);
    const blob = new Blob([message]).stream().pipeThrough(envelope.decryptWebStream());
    assert.deepEqual(Buffer.from(await new Response(blob).arrayBuffer()), plaintext);
  });

  it('every kind of bytes is taken', async () => {
    const bytes = new Uint8Array([1, 2, 3, 4]);
    const chunks = ['\u0000', bytes, new DataView(bytes.buffer, 1, 2), bytes.buffer];
    const { output, error } = await throughWeb(envelope.encryptWebStream(), chunks);
    assert.ifError(error);
    assert.deepEqual([...envelope.decryptSync(output)], [0, 1, 2, 3, 4, 2, 3, 1, 2, 3, 4]);
  });

  it('onHeader is called once, before any data', async () => {
    const encryptionContext = { tenant: 'acme' };
    const message = envelope.encryptSync(Buffer.alloc(200_000), { encryptionContext });
    for (const length of [100, message.length]) {
      const events = [];
      const onHeader = (header) => events.push(header);
      const stream = envelope.decryptWebStream({ encryptionContext, onHeader });
      const chunks = ReadableStream.from(cut(message, length));
      for await (const _piece of chunks.pipeThrough(stream)) events.push('data');
      assert.deepEqual(events.shift(), inspect(message));
      assert.ok(events.length > 0 && events.every((event) => event === 'data'));
    }
    const onHeader = () => assert.fail('the header is not what was asked for');
    const stream = envelope.decryptWebStream({ encryptionContext: { tenant: 'b' }, onHeader });
    await ended(throughWeb(stream, [message]), 'CONTEXT_MISMATCH');
  });

  it('an error of onHeader ends the stream with it', async () => {
    const message = envelope.encryptSync('x');
    for (const mine of [new Error('mine'), new Error('{mine}')]) {
      const onHeader = () => {
        throw mine;
      };
      const { error } = await throughWeb(envelope.decryptWebStream({ onHeader }), [message]);
      assert.ok(error === mine || error.cause === mine, error.stack);
    }
  });

  for (const direction of DIRECTIONS) {
    it(`${direction} is as slow as its reader`, async (t) => {
      const input = inputOf(direction, Buffer.alloc(8 * MIB));
      let given = 0;
      let taken = 0;
      let most = 0;
      function* source() {
        for (const chunk of cut(input, FRAME)) {
          given += chunk.length;
          yield chunk;
        }
      }
      const stream = envelope[direction]();
      for await (const piece of ReadableStream.from(source()).pipeThrough(stream)) {
        taken += piece.length;
        most = Math.max(most, given - taken);
        await new Promise(setImmediate);
      }
      t.diagnostic(`${(most / MIB).toFixed(2)} MiB`);
      assert.ok(most > 0 && most <= 1.5 * MIB, `${most} bytes`);
    });
  }
});

describe('decryptWebStream and messages that are not whole', () => {
  const plaintext = crypto.randomBytes(350);
  const small = short.encryptSync(plaintext);

  it('a message cut off anywhere is truncated, and no wrong byte comes out', async () => {
    for (let length = 0; length < small.length; length++) {
      const part = cut(small.subarray(0, length), 50);
      await failing(short.decryptWebStream(), part, 'TRUNCATED_MESSAGE', plaintext);
    }
    const large = crypto.randomBytes(2 * MIB);
    const part = truncate(envelope.encryptSync(large), { before: 'last byte' });
    for (const chunks of [FRAME, part.length]) {
      const input = cut(part, chunks);
      await failing(envelope.decryptWebStream(), input, 'TRUNCATED_MESSAGE', large);
    }
  });

  it('a message followed by more bytes is refused as malformed', async () => {
    const more = Buffer.alloc(1);
    for (const chunks of [[small, more], [Buffer.concat([small, more])]]) {
      await failing(short.decryptWebStream(), chunks, 'MALFORMED_MESSAGE', plaintext);
    }
  });

  it('a message changed in any byte ends the stream with the error of decrypt, and no wrong byte comes out', async () => {
    for (let at = 0; at < small.length; at++) {
      const changed = Buffer.from(small);
      changed[at] ^= 1 << (at % 8);
      const { code } = await failure(short.decrypt(changed));
      const expected = code.replace('ERR_ENVELOPE_', '');
      await failing(short.decryptWebStream(), cut(changed, 50), expected, plaintext);
    }
  });
});

describe('arguments of the Web streams', () => {
  it('of the wrong kind are refused at once', () => {
    const options = [null, 'x', 5, [], { into: Buffer.alloc(9) }, { signal: {} }];
    options.push({ encryptionContext: { a: 1 } }, { plaintextLength: -1 }, { keyId: 'x' });
    for (const wrong of options) {
      for (const direction of DIRECTIONS) {
        thrown(() => envelope[direction](wrong), 'INVALID_ARGUMENT');
      }
    }
    thrown(() => envelope.decryptWebStream({ onHeader: 5 }), 'INVALID_ARGUMENT');
    thrown(() => envelope.encryptWebStream({ onHeader: () => {} }), 'INVALID_ARGUMENT');
  });

  it('chunks that are not bytes are refused', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    for (const direction of DIRECTIONS) {
      for (const chunk of [5, {}, [1], null, shared]) {
        const stream = envelope[direction]();
        await ended(throughWeb(stream, one(chunk)), 'INVALID_ARGUMENT');
      }
    }
  });

  it('a chunk whose buffer is detached midway ends the stream with an error', async () => {
    for (const direction of DIRECTIONS) {
      const input = inputOf(direction, Buffer.alloc(8 * MIB));
      const chunk = new Uint8Array(input.subarray(500));
      const running = throughWeb(envelope[direction](), [input.subarray(0, 500), chunk]);
      await new Promise(setImmediate);
      structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
      await ended(running, 'INVALID_ARGUMENT');
    }
  });

  it('plaintextLength is checked', async () => {
    const plaintext = crypto.randomBytes(1000);
    for (const direction of DIRECTIONS) {
      const run = (plaintextLength) =>
        throughWeb(envelope[direction]({ plaintextLength }), [inputOf(direction, plaintext)]);
      assert.ifError((await run(1000)).error);
      await ended(run(999), 'LENGTH_MISMATCH');
      await ended(run(1001), 'LENGTH_MISMATCH');
    }
  });
});

async function roundTrip(under, data, chunks) {
  const sealed = await throughWeb(under.encryptWebStream(), cut(data, chunks));
  assert.ifError(sealed.error);
  assert.ok(under.decryptSync(sealed.output).equals(data));
  const opened = await throughWeb(under.decryptWebStream(), cut(sealed.output, chunks));
  assert.ifError(opened.error);
  assert.ok(opened.output.equals(data));
}

/** Sends chunks that must end with this error, and with nothing released but what was encrypted. */
async function failing(stream, chunks, code, plaintext) {
  const { output } = await ended(throughWeb(stream, chunks), code);
  assert.ok(plaintext.subarray(0, output.length).equals(output), 'a wrong byte was released');
}

/** A source of one chunk, whatever it is. */
function* one(chunk) {
  yield chunk;
}
