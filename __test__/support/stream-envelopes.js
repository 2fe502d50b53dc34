'use strict';

const assert = require('node:assert/strict');

const { Envelope } = require('../..');
const { rawAes } = require('./raw-aes');

const FRAME = 64 * 1024;

const keyring = rawAes();
const envelope = new Envelope({ keyring });
/** Writes frames of 100 bytes. */
const short = new Envelope({ keyring, frameLength: 100 });

/** Returns the input of a stream in this direction whose plaintext is this. */
function inputOf(direction, plaintext) {
  return direction.startsWith('encrypt') ? plaintext : envelope.encryptSync(plaintext);
}

/** Asserts that the output is the start of the plaintext. */
function assertStart(output, plaintext) {
  assert.ok(plaintext.subarray(0, output.length).equals(output), 'a wrong byte was released');
}

module.exports = { FRAME, assertStart, envelope, inputOf, short };
