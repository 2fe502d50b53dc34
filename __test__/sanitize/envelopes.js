'use strict';

const { Envelope, RawAesKeyring } = require('../..');

const keyring = new RawAesKeyring({
  keyNamespace: 'tests',
  keyName: 'key',
  wrappingKey: Buffer.alloc(32, 1),
});

/**
 * An envelope with short frames, under a key of its own.
 *
 * @param {object} [settings]
 */
function envelope(settings) {
  return new Envelope({ keyring, frameLength: 100, ...settings });
}

/** Bytes that follow one another, in a buffer of just this length. */
function bytes(length) {
  const buffer = Buffer.allocUnsafeSlow(length);
  for (let i = 0; i < length; i++) buffer[i] = i;
  return buffer;
}

/** The same bytes in a buffer of just their length. */
function exact(data) {
  const copy = Buffer.allocUnsafeSlow(data.length);
  copy.set(data);
  return copy;
}

module.exports = { bytes, envelope, exact, keyring };
