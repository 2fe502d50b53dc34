'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');

const api = require('../..');
const { flip, truncate } = require('../support/edits');
const { FRAME, assertStart, envelope, short } = require('../support/stream-envelopes');
const { cut, ended, failure, randomly, through } = require('../support/streams');

const { Envelope, RawAesKeyring } = api;

const KIB = 1024;
const MIB = 1024 * KIB;

describe('decryptStream and messages that are not whole', () => {
  const plaintext = crypto.randomBytes(350);
  const small = short.encryptSync(plaintext);
  const large = crypto.randomBytes(5 * FRAME + 10);
  const long = envelope.encryptSync(large);
  const overhead = long.length - envelope.encryptSync('').length - large.length;
  const storedFrame = FRAME + overhead / 5;
  const header = api.inspect(long).headerLength;

  it('cut off anywhere: truncated, and nothing but whole frames before', async () => {
    for (let length = 0; length < small.length; length++) {
      for (const chunks of [small.length, 7]) {
        const input = cut(small.subarray(0, length), chunks);
        const { output } = await ended(through(short.decryptStream(), input), 'TRUNCATED_MESSAGE');
        assert.ok(output.length % 100 === 0);
        assertStart(output, plaintext);
      }
    }
  });

  for (let frames = 0; frames <= 5; frames++) {
    it(`a message cut off near the end of frame ${frames} gives the whole frames before the cut`, async () => {
      for (const around of [-1, 0, 1]) {
        const part = long.subarray(0, header + frames * storedFrame + around);
        const running = through(envelope.decryptStream(), cut(part, FRAME));
        const { output } = await ended(running, 'TRUNCATED_MESSAGE');
        assert.equal(output.length % FRAME, 0);
        assert.ok(output.length <= Math.max(0, frames - (around < 0)) * FRAME);
        assertStart(output, large);
      }
    });
  }

  it('a long message that lacks its last byte gives the frames that verified', async () => {
    const plaintext = crypto.randomBytes(5 * MIB);
    const message = envelope.encryptSync(plaintext);
    const running = through(
      envelope.decryptStream(),
      cut(truncate(message, { before: 'last byte' }), FRAME),
    );
    const { output } = await ended(running, 'TRUNCATED_MESSAGE');
    assert.ok(output.length >= 4 * MIB);
    assertStart(output, plaintext);
  });

  it('a message followed by more bytes is refused as malformed', async () => {
    for (const more of [Buffer.alloc(1), Buffer.alloc(100_000), small]) {
      for (const chunks of [[small, more], [Buffer.concat([small, more])]]) {
        const running = through(short.decryptStream(), chunks);
        const { output } = await ended(running, 'MALFORMED_MESSAGE');
        assertStart(output, plaintext);
      }
    }
    // A late byte is an error, too, though the plaintext is released already.
    const running = through(envelope.decryptStream(), [long, 'x']);
    const { output } = await ended(running, 'MALFORMED_MESSAGE');
    assertStart(output, large);
  });

  it('a message changed in any byte ends the stream with the error of decrypt, and no wrong byte comes out', async () => {
    for (let at = 0; at < small.length; at++) {
      const changed = Buffer.from(small);
      changed[at] ^= 1 << (at % 8);
      const { code } = await failure(short.decrypt(changed));
      for (const chunks of [small.length, 10]) {
        const running = through(short.decryptStream(), cut(changed, chunks));
        const { output } = await ended(running, code.replace('ERR_ENVELOPE_', ''));
        assertStart(output, plaintext);
      }
    }
  });

  it('a changed frame ends the stream: at most the frames before it come out', async () => {
    for (let frames = 0; frames <= 5; frames++) {
      const changed = flip(long, frames < 5 ? `frame ${frames + 1} content` : 'final content');
      const running = through(envelope.decryptStream(), cut(changed, randomly(1, 100_000)));
      const { output } = await ended(running, 'AUTHENTICATION_FAILED');
      assert.ok(output.length <= frames * FRAME);
      assertStart(output, large);
    }
    const swapped = Buffer.concat([
      long.subarray(0, header),
      long.subarray(header + storedFrame, header + 2 * storedFrame),
      long.subarray(header, header + storedFrame),
      long.subarray(header + 2 * storedFrame),
    ]);
    const running = through(envelope.decryptStream(), [swapped]);
    const { output } = await ended(running, 'MALFORMED_MESSAGE');
    assert.equal(output.length, 0);
  });

  it('a message under another key ends the stream with an error', async () => {
    const wrappingKey = crypto.randomBytes(32);
    const options = { keyNamespace: 'tests', keyName: 'key', wrappingKey };
    const other = new Envelope({ keyring: new RawAesKeyring(options) });
    const stream = other.decryptStream();
    stream.on('header', () => assert.fail('this header is not authenticated'));
    await ended(through(stream, [small]), 'NO_USABLE_KEY');
  });
});
