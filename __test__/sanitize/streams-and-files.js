'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');

const { EnvelopeError } = require('../..');
const { writeNewFile } = require('../../lib/native/new-file.js');
const { cut, ended, randomly, through, throughWeb } = require('../support/streams');
const { bytes, envelope, exact } = require('./envelopes');

const MIB = 1024 * 1024;

/** Pieces of any length, each in a buffer of its own. */
function* pieces(data, most) {
  for (const piece of cut(data, randomly(1, most))) yield exact(piece);
}

async function streams() {
  const own = envelope();
  const other = envelope({ frameLength: 33 });
  for (const [length, most] of [
    [0, 1],
    [1, 1],
    [250, 3],
    [5000, 400],
  ]) {
    const data = bytes(length);
    const { output: message } = await through(own.encryptStream(), pieces(data, most));
    const { output: moved } = await through(own.reEncryptStream(other), pieces(message, most));
    const { output } = await through(other.decryptStream(), pieces(moved, most));
    assert.deepEqual(output, data);
    const { output: web } = await throughWeb(own.encryptWebStream(), pieces(data, most));
    const { output: back } = await throughWeb(own.decryptWebStream(), pieces(web, most));
    assert.deepEqual(back, data);
  }
}

async function largeStreams() {
  const own = envelope({ frameLength: 65_536 });
  const data = bytes(2 * MIB + 5);
  const { output: message } = await through(own.encryptStream(), [data]);
  const { output } = await through(own.decryptStream(), pieces(message, 300_000));
  assert.ok(data.equals(output));
}

async function wrongStreams() {
  const own = envelope();
  const message = own.encryptSync(bytes(230));
  for (let at = 0; at < message.length; at += 16) {
    const changed = exact(message);
    changed[at] ^= 0x81;
    const { error } = await through(own.decryptStream(), pieces(changed, 50));
    assert.ok(error instanceof EnvelopeError);
    await ended(
      through(own.decryptStream(), pieces(message.subarray(0, at), 50)),
      'TRUNCATED_MESSAGE',
    );
  }
  // Left in the middle, and never ended.
  for (const stream of [own.encryptStream(), own.decryptStream()]) {
    stream.write(message.subarray(0, 150));
    await new Promise(setImmediate);
    stream.destroy();
  }
}

async function files(folder) {
  const own = envelope({ frameLength: 65_536 });
  const other = envelope();
  const file = (name) => path.join(folder, name);
  const data = bytes(MIB + 3);
  fs.writeFileSync(file('plain'), data);
  const onProgress = ({ bytesDone, bytesTotal }) => assert.ok(bytesDone <= bytesTotal);
  await own.encryptFile(file('plain'), file('message'), { onProgress });
  await own.reEncryptFile(file('message'), file('moved'), other);
  await other.decryptFile(file('moved'), file('back'), { onProgress });
  assert.ok(data.equals(fs.readFileSync(file('back'))));
  assert.deepEqual(
    await own.decryptRange(file('message'), { start: 7, end: 9 }),
    data.subarray(7, 9),
  );

  const pieceByPiece = (sink) => pipeline([data.subarray(0, 7), data.subarray(7)], sink);
  await writeNewFile(file('new'), false, pieceByPiece);
  assert.ok(data.equals(fs.readFileSync(file('new'))));
  await assert.rejects(writeNewFile(file('new'), false, pieceByPiece), EnvelopeError);
  const failure = new Error('x');
  await assert.rejects(
    writeNewFile(file('not'), false, () => Promise.reject(failure)),
    failure,
  );

  const signal = AbortSignal.timeout(1);
  await own.encryptFile(file('plain'), file('aborted'), { signal }).catch(expected);
  await assert.rejects(other.decryptFile(file('plain'), file('not')), EnvelopeError);
  await assert.rejects(other.decryptFile(file('none'), file('not')), EnvelopeError);
}

/** An error that may be there or not, but is ours. */
function expected(error) {
  assert.ok(error instanceof EnvelopeError, error);
}

module.exports = { streams, largeStreams, wrongStreams, files };
