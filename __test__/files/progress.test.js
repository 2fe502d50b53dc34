'use strict';

const assert = require('node:assert/strict');
const events = require('node:events');
const fs = require('node:fs');
const { describe, it } = require('node:test');

const { envelope, newPlace, other, underKey } = require('../support/places');
const { rejection } = require('../support/rejects');

const KIB = 1024;
const MIB = 1024 * KIB;
// Takes longer than the first report of the progress.
const LONG = 512 * MIB;

describe('onProgress', () => {
  it('is given rising numbers of bytes, up to the length of the file', async (t) => {
    const place = newPlace({ long: '' });
    fs.truncateSync(place('long'), LONG);
    const seen = [];
    const options = { onProgress: (progress) => seen.push(progress) };
    const { messageLength } = await envelope.encryptFile(place('long'), place('out'), options);
    t.diagnostic(`${seen.length} reports`);
    assert.ok(seen.length > 1, 'it was called before the end');
    checkProgress(seen, LONG);
    fs.rmSync(place('long'));
    seen.length = 0;
    await envelope.reEncryptFile(place('out'), place('new'), underKey(), options);
    checkProgress(seen, messageLength);
    fs.rmSync(place('.'), { recursive: true });
  });

  it('is called at the end of a short file, too', async () => {
    const place = newPlace({ plaintext: 'text' });
    let last;
    const options = { onProgress: (progress) => (last = progress) };
    await envelope.encryptFile(place('plaintext'), place('message'), options);
    assert.deepEqual(last, { bytesDone: 4, bytesTotal: 4 });
    const decrypted = await envelope.decryptFile(place('message'), place('back'), options);
    const length = decrypted.messageLength;
    assert.deepEqual(last, { bytesDone: length, bytesTotal: length });
  });

  it('that throws ends the job with its error', async () => {
    const place = newPlace({ long: '' });
    fs.truncateSync(place('long'), LONG);
    const enough = new Error('enough');
    const onProgress = () => {
      throw enough;
    };
    const ended = envelope.encryptFile(place('long'), place('out'), { onProgress });
    await assert.rejects(ended, (error) => error === enough);
    assert.deepEqual(place.names(), ['long']);
  });

  it('that throws in its last call ends the job with its error, too', async () => {
    const place = newPlace({ plaintext: 'text' });
    const enough = new Error('enough');
    const onProgress = () => {
      throw enough;
    };
    const ended = envelope.encryptFile(place('plaintext'), place('message'), { onProgress });
    await assert.rejects(ended, (error) => error === enough);
  });

  function checkProgress(seen, total) {
    for (const [i, { bytesDone, bytesTotal }] of seen.entries()) {
      assert.equal(bytesTotal, total);
      assert.ok(bytesDone >= (seen[i - 1]?.bytesDone ?? 0) && bytesDone <= total);
    }
    assert.equal(seen.at(-1).bytesDone, total);
  }
});

describe('an AbortSignal', () => {
  it('that has fired stops a file before it starts', async () => {
    const place = newPlace({ plaintext: 'text' });
    const signal = AbortSignal.abort(new Error('enough'));
    const jobs = [
      envelope.encryptFile(place('plaintext'), place('out'), { signal }),
      envelope.decryptFile(place('plaintext'), place('out'), { signal }),
      envelope.reEncryptFile(place('plaintext'), place('out'), other, { signal }),
    ];
    for (const job of jobs) {
      const error = await rejection(job, 'ABORTED');
      assert.equal(error.name, 'AbortError');
      assert.equal(error.cause, signal.reason);
    }
    assert.deepEqual(place.names(), ['plaintext']);
  });

  it('stops a file midway, and leaves nothing', async () => {
    const place = newPlace({ long: '' });
    fs.truncateSync(place('long'), LONG);
    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: () => controller.abort() };
    const error = await rejection(
      envelope.encryptFile(place('long'), place('out'), options),
      'ABORTED',
    );
    assert.equal(error.cause, controller.signal.reason);
    assert.deepEqual(place.names(), ['long']);
  });

  it('has no listener left at the end', async () => {
    const place = newPlace({ plaintext: 'text' });
    const { signal } = new AbortController();
    await envelope.encryptFile(place('plaintext'), place('message'), { signal });
    await rejection(
      envelope.encryptFile(place('plaintext'), place('message'), { signal }),
      'FILE_EXISTS',
    );
    assert.equal(events.getEventListeners(signal, 'abort').length, 0);
  });
});
