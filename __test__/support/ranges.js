'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const { Envelope, EnvelopeError } = require('../..');
const { temporaryFolder } = require('./files');
const { rawAes } = require('./raw-aes');
const { failure, seeded } = require('./streams');

const MIB = 1024 * 1024;
const FRAME = 65_536;
/** How much longer a frame is than its plaintext, in bytes; the final frame also holds its length. */
const OVERHEAD = 32;
const FINAL_OVERHEAD = 40;
// The message is at fault; not the caller, nor this package.
const FAULTS = /_((MALFORMED|TRUNCATED|UNSUPPORTED)_MESSAGE|AUTHENTICATION_FAILED|NO_USABLE_KEY)$/;

const folder = temporaryFolder();
const keyring = rawAes();
/** Writes frames of the usual length. */
const envelope = new Envelope({ keyring });
/** Writes frames of 10 bytes. */
const short = new Envelope({ keyring, frameLength: 10 });
const text = Buffer.from('Twenty-five bytes of text');
const message = short.encryptSync(text);
const long = crypto.randomBytes(5 * MIB + 12_345);
const longMessage = envelope.encryptSync(long);

/** Returns `count` ranges of a plaintext of this length, half of them short; the same in every run. */
function randomRanges(length, count) {
  const random = seeded(count);
  return Array.from({ length: count }, (_, i) => {
    const start = random(length + 1);
    const most = i % 2 === 0 ? length - start : Math.min(length - start, 2 * FRAME);
    return { start, end: start + random(most + 1) };
  });
}

/** Asserts that every range of the plaintext is read as it is. */
async function everyRange(plaintext, read) {
  for (let start = 0; start <= plaintext.length; start++) {
    for (let end = start; end <= plaintext.length; end++) {
      const found = await read({ start, end });
      assert.ok(found.equals(plaintext.subarray(start, end)), `${start} to ${end}`);
    }
  }
}

/** Asserts that a promise rejects with an error that puts the blame on the message. */
async function refused(promise) {
  const error = await failure(promise);
  assert.ok(error instanceof EnvelopeError, String(error));
  assert.match(error.code, FAULTS, error.message);
}

/** A source that notes what is read of it; adjacent reads count as one. */
function watched(bytes) {
  let reads = [];
  const lengths = [];
  return {
    size: bytes.length,
    async read(start, end) {
      lengths.push(end - start);
      if (reads.at(-1)?.[1] === start) reads.at(-1)[1] = end;
      else reads.push([start, end]);
      return bytes.subarray(start, end);
    },
    lengths: () => lengths,
    /** What was read since the last time. */
    reads() {
      const noted = reads;
      reads = [];
      return noted;
    },
  };
}

let files = 0;
/** A new file with these bytes. */
function newFile(bytes) {
  const file = path.join(folder, `message ${++files}`);
  fs.writeFileSync(file, bytes);
  return file;
}

module.exports = {
  FAULTS,
  FINAL_OVERHEAD,
  FRAME,
  OVERHEAD,
  envelope,
  everyRange,
  folder,
  keyring,
  long,
  longMessage,
  message,
  newFile,
  randomRanges,
  refused,
  short,
  text,
  watched,
};
