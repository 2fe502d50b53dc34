'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { inspect } = require('../..');
const { same } = require('../support/files');
const {
  FAULTS,
  FRAME,
  OVERHEAD,
  envelope,
  folder,
  long,
  longMessage,
  message,
  randomRanges,
  refused,
  short,
  text,
  watched,
} = require('../support/ranges');
const { rejection } = require('../support/rejects');
const { failure } = require('../support/streams');

const MIB = 1024 * 1024;
const FIRST_READ = 4096;
const windows = process.platform === 'win32';

describe('what is read of a source', () => {
  it('is the start, the final frame, and the frames that hold the range', async () => {
    const source = watched(longMessage);
    const opened = await envelope.openMessage(source);
    const { headerLength } = opened.header;
    const frames = Math.floor(long.length / FRAME);
    const frameStart = (number) => headerLength + number * (FRAME + OVERHEAD);
    assert.deepEqual(source.reads(), [
      [0, FIRST_READ],
      [frameStart(frames), longMessage.length],
    ]);
    for (const { start, end } of randomRanges(long.length, 100)) {
      same(await opened.read({ start, end }), long.subarray(start, end));
      const first = Math.min(Math.floor(start / FRAME), frames);
      const next = Math.min(Math.ceil(end / FRAME), frames);
      const needed = start < end && first < next ? [[frameStart(first), frameStart(next)]] : [];
      assert.deepEqual(source.reads(), needed, `${start} to ${end}`);
    }
  });

  it('is nothing but the start, unless the header verifies', async () => {
    const changed = Buffer.from(longMessage);
    // The header ends with the frame length, which bounds the final frame, the commitment and the tag.
    const [frameLength, commitment, tag] = [4, 32, 16];
    const { headerLength } = inspect(longMessage);
    changed.writeUInt32BE(2 ** 32 - 1, headerLength - tag - commitment - frameLength);
    const source = watched(changed);
    await rejection(envelope.openMessage(source), 'AUTHENTICATION_FAILED');
    assert.deepEqual(source.reads(), [[0, FIRST_READ]]);
  });

  it('is less than 2 MiB of a large range at a time', async () => {
    const source = watched(longMessage);
    await envelope.decryptRange(source);
    assert.ok(Math.max(...source.lengths()) < 2 * MIB);
  });

  it('is a longer start if the header is long', async () => {
    for (const length of [4000, 5000, 20_000, 60_000]) {
      const encryptionContext = { long: 'x'.repeat(length) };
      const bytes = short.encryptSync(text, { encryptionContext });
      const source = watched(bytes);
      const opened = await short.openMessage(source);
      const [[from, to], finalFrame] = source.reads();
      assert.deepEqual([opened.header.encryptionContext, from], [encryptionContext, 0]);
      assert.ok(to <= Math.max(FIRST_READ, 3 * opened.header.headerLength), `${to} bytes`);
      // Where it begins at the end of the start, the two are one.
      const end = finalFrame ? finalFrame[1] : to;
      assert.equal(end, bytes.length);
      assert.deepEqual(await opened.read(), text);
    }
  });
});

describe('a RangedSource', () => {
  it('that gives too few or too many bytes, or no bytes, is refused', async () => {
    const wrong = {
      'one too few': (bytes) => bytes.subarray(1),
      'one too many': (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
      none: () => new Uint8Array(0),
      'all of it': () => message,
      nothing: () => undefined,
      'an object': () => ({}),
      'shared memory': (bytes) => new Uint8Array(new SharedArrayBuffer(bytes.length)),
    };
    for (const [what, change] of Object.entries(wrong)) {
      await everyRead(async (source, at) => {
        const read = async (start, end) => {
          const bytes = await source.read(start, end);
          return source.count === at ? change(bytes) : bytes;
        };
        const failed = short.decryptRange({ size: source.size, read }, { end: 15 });
        const error = await failure(failed);
        // The first read takes all of so short a message.
        if (what === 'all of it' && at === 1) return assert.equal(error, undefined);
        await rejection(Promise.reject(error), 'INVALID_ARGUMENT');
      });
    }
  });

  it('that fails rejects with its own error', async () => {
    const own = new Error('no such object');
    const failing = {
      rejects: () => Promise.reject(own),
      throws: () => {
        throw own;
      },
    };
    for (const [how, fail] of Object.entries(failing)) {
      await everyRead(async (source, at) => {
        const read = async (start, end) => {
          const bytes = await source.read(start, end);
          return source.count === at ? fail() : bytes;
        };
        const error = await failure(short.decryptRange({ size: source.size, read }, { end: 15 }));
        assert.equal(error, own, how);
      });
      await assert.rejects(short.openMessage({ size: 5, read: fail }), (error) => error === own);
    }
  });

  it('that lies about its size is refused', async () => {
    for (let size = 0; size <= 2 * message.length; size++) {
      if (size === message.length) continue;
      const padded = Buffer.concat([message, Buffer.alloc(message.length)]);
      const read = (start, end) => padded.subarray(start, end);
      await refused(short.decryptRange({ size, read }));
      const honest = (start, end) => message.subarray(start, end);
      const error = await failure(short.decryptRange({ size, read: honest }));
      const code = error?.code.replace('ERR_ENVELOPE_INVALID_ARGUMENT', '_MALFORMED_MESSAGE');
      assert.match(code ?? 'none', FAULTS, `${size}`);
    }
    for (const size of [-1, 1.5, NaN, '5', undefined, 2 ** 53]) {
      const source = { size, read: () => message };
      await rejection(short.openMessage(source), 'INVALID_ARGUMENT');
    }
  });

  it('that changes is refused, or gives what was there first', async () => {
    const another = short.encryptSync(text);
    await everyRead(async (source, at) => {
      const read = (start, end) => {
        source.count++;
        return (source.count >= at ? another : message).subarray(start, end);
      };
      const error = await failure(short.decryptRange({ size: source.size, read }, { end: 15 }));
      if (at === 1) assert.equal(error, undefined);
      else await rejection(Promise.reject(error), 'AUTHENTICATION_FAILED');
    });
  });

  it('is called as a method', async () => {
    class Source {
      size = message.length;
      bytes = message;
      async read(start, end) {
        return this.bytes.subarray(start, end);
      }
    }
    assert.deepEqual(await short.decryptRange(new Source()), text);
  });

  it('that lacks size or read is refused, and so is what is no source at all', async () => {
    const half = [{ size: 5 }, { read() {} }, { size: 5, read: 1 }];
    for (const wrong of [undefined, null, 5, '', {}, ...half]) {
      await rejection(short.openMessage(wrong), 'INVALID_ARGUMENT');
    }
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    await rejection(short.openMessage(shared), 'INVALID_ARGUMENT');
    await rejection(short.openMessage(path.join(folder, 'none')), 'FILE_NOT_FOUND');
    await rejection(short.openMessage(folder), 'FILE');
    await rejection(short.openMessage('a\0b'), 'INVALID_ARGUMENT');
  });

  /** Tries something at each of the three reads of a range. */
  async function everyRead(attempt) {
    for (const at of [1, 2, 3]) {
      const source = { count: 0, size: message.length, read: counted };
      await attempt(source, at);
    }
    async function counted(start, end) {
      this.count++;
      return message.subarray(start, end);
    }
  }
});

it('a named pipe is refused, not waited for', { skip: windows && 'named pipes' }, async () => {
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  let waited = false;
  // So that what waits for a writer ends.
  const timer = setTimeout(() => {
    waited = true;
    fs.closeSync(fs.openSync(pipe, 'r+'));
  }, 1000);
  await rejection(short.openMessage(pipe), 'FILE');
  clearTimeout(timer);
  assert.equal(waited, false);
});
