'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { Envelope } = require('../..');
const { flip, places, truncate } = require('../support/edits');
const { rawAes } = require('../support/raw-aes');
const { rejection } = require('../support/rejects');

const keyring = rawAes('key', Buffer.alloc(32, 1));

describe('the places of a message, by which tests name their edits', () => {
  const envelope = new Envelope({ keyring, frameLength: 10 });
  const message = envelope.encryptSync('Twenty-five bytes of text');

  it('are those of its header and frames, one after the other', () => {
    const found = places(message);
    assert.deepEqual(
      [...found.keys()],
      [
        ['message id', 'header tag'],
        ['frame 1', 'frame 1 content', 'frame 1 tag'],
        ['frame 2', 'frame 2 content', 'frame 2 tag'],
        ['final frame', 'final content', 'final tag', 'last byte'],
      ].flat(),
    );
    assert.equal(found.get('final content').end - found.get('final content').start, 5);
    assert.equal(found.get('final frame').end, message.length);
  });

  it('end with the signature of a signed message', () => {
    const signed = new Envelope({ keyring, algorithmSuite: 0x0578 }).encryptSync('x');
    const { start, end } = places(signed).get('signature');
    assert.equal(signed.readUInt16BE(start - 2), end - start);
    assert.equal(end, signed.length);
  });

  it('are refused, each, if one bit of them is changed or they are missing', async () => {
    for (const place of places(message).keys()) {
      const changed = await envelope.decrypt(flip(message, place)).catch((error) => error.category);
      const cut = await envelope
        .decrypt(truncate(message, { before: place }))
        .catch((error) => error);
      assert.deepEqual([place, changed], [place, 'message']);
      assert.equal(cut.code, 'ERR_ENVELOPE_TRUNCATED_MESSAGE', place);
    }
    await rejection(envelope.decrypt(flip(message, 'final tag')), 'AUTHENTICATION_FAILED');
  });

  it('are named in the error of a place that is not there', () => {
    assert.throws(() => flip(message, 'signature'), /no signature, only: message id, header tag/);
  });
});
