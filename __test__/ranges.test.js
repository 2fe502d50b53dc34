'use strict';

const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, beforeEach, describe, it } = require('node:test');
const { pathToFileURL } = require('node:url');
const { promisify } = require('node:util');

const { AwsKmsKeyring, Envelope, EnvelopeError, RawAesKeyring, inspect } = require('..');
const { startFakeKms } = require('./support/fake_kms');
const { temporaryFolder } = require('./support/files');
const { startMoto } = require('./support/moto');
const { nodeBinary } = require('./support/nodes');
const { rejection } = require('./support/rejects');
const { requireOrSkip, skipWithout } = require('./support/requirements');
const { failure, seeded } = require('./support/streams');
const vectors = require('./support/vectors');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const ARN = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const MIB = 1024 * 1024;
const FIRST_READ = 4096;
const FRAME = 65_536;
const OVERHEAD = 32;
const FINAL_OVERHEAD = 40;
// The message is at fault; not the caller, nor this package.
const FAULTS =
  /_((MALFORMED|TRUNCATED|UNSUPPORTED)_MESSAGE|AUTHENTICATION_FAILED|NO_USABLE_KEY)$/;

const windows = process.platform === 'win32';
const folder = temporaryFolder();
const keyring = new RawAesKeyring({
  keyNamespace: 'tests',
  keyName: 'key',
  wrappingKey: crypto.randomBytes(32),
});
const envelope = new Envelope({ keyring });
const short = new Envelope({ keyring, frameLength: 10 });
const text = Buffer.from('Twenty-five bytes of text');
const message = short.encryptSync(text);
const long = crypto.randomBytes(5 * MIB + 12_345);
const longMessage = envelope.encryptSync(long);

describe('every range of a short message', () => {
  const messages = {
    'three frames': { reader: short, message, plaintext: text },
    'an empty last frame': shortMessage(30),
    'one frame': shortMessage(7),
    'no plaintext': shortMessage(0),
    'frames of one byte': shortMessage(12, 1),
    'a frame far longer than the message': shortMessage(12, 2 ** 32 - 1),
    'a full last frame': vector('crafted-control-full-final-0478'),
  };
  const sources = {
    Buffer: (bytes) => bytes,
    'Uint8Array of a part': (bytes) => new Uint8Array([0, ...bytes, 0]).subarray(1, -1),
    DataView: (bytes) => new DataView(Uint8Array.from(bytes).buffer),
    ArrayBuffer: (bytes) => Uint8Array.from(bytes).buffer,
    path: newFile,
    'file URL': (bytes) => pathToFileURL(newFile(bytes)),
    'relative path': (bytes) => path.relative(process.cwd(), newFile(bytes)),
    RangedSource: (bytes) => watched(bytes),
    'RangedSource that answers at once': (bytes) => ({
      size: bytes.length,
      read: (start, end) => bytes.subarray(start, end),
    }),
  };
  for (const [what, { reader, message: bytes, plaintext }] of Object.entries(messages)) {
    it(`with ${what}`, async () => {
      assert.equal(inspect(bytes).contentType, 'framed');
      for (const [kind, sourceOf] of Object.entries(sources)) {
        const source = sourceOf(bytes);
        assert.equal(await reader.plaintextSize(source), plaintext.length, kind);
        const opened = await reader.openMessage(source);
        await everyRange(plaintext, (range) => opened.read(range));
        await opened.close();
        if (reader !== short) continue;
        await everyRange(plaintext, (range) => reader.decryptRange(source, range));
      }
    });
  }

  it('from an open file, which stays open', async () => {
    const handle = await fs.promises.open(newFile(message));
    try {
      await everyRange(text, (range) => short.decryptRange(handle, range));
      const opened = await short.openMessage(handle);
      await opened.close();
      assert.deepEqual(await handle.readFile(), message, 'nor was its position moved');
    } finally {
      await handle.close();
    }
  });

  it('from a file that was closed: an error', async () => {
    const handle = await fs.promises.open(newFile(message));
    await handle.close();
    await rejection(short.decryptRange(handle), 'FILE');
  });

  it('leaves no file open', { skip: process.platform !== 'linux' && 'Linux' }, async () => {
    const [good, cut] = [newFile(message), newFile(message.subarray(0, -1))];
    const open = () => fs.readdirSync('/proc/self/fd').length;
    await short.decryptRange(good);
    const opened = open();
    for (let i = 0; i < 20; i++) {
      await short.decryptRange(good);
      await rejection(short.decryptRange(good, { start: 26 }), 'RANGE');
      await rejection(short.decryptRange(cut), 'TRUNCATED_MESSAGE');
      await rejection(envelope.openMessage(folder), 'FILE');
    }
    assert.equal(open(), opened);
  });

  function shortMessage(length, frameLength = 10) {
    const plaintext = crypto.randomBytes(length);
    const reader = new Envelope({ keyring, frameLength });
    return { reader, message: reader.encryptSync(plaintext), plaintext };
  }

  function vector(id) {
    const found = vectors.casesOf(vectors.OURS).find(({ item }) => item.id === id);
    const [bytes, plaintext] = ['ciphertext', 'plaintext'].map((name) =>
      vectors.bytes(vectors.OURS, found.item, name),
    );
    return { reader: found.envelope, message: bytes, plaintext };
  }
});

describe('the range', () => {
  it('is the whole without a start and an end', async () => {
    same(await envelope.decryptRange(longMessage), long);
    same(await envelope.decryptRange(longMessage, {}), long);
    const nothing = { start: undefined, end: undefined };
    same(await envelope.decryptRange(longMessage, nothing), long);
    same(await envelope.decryptRange(longMessage, { start: 5 * MIB }), long.subarray(5 * MIB));
    same(await envelope.decryptRange(longMessage, { end: 70_000 }), long.subarray(0, 70_000));
    const opened = await envelope.openMessage(longMessage);
    same(await opened.read(), long);
    same(await opened.read(nothing), long);
    assert.ok(Buffer.isBuffer(await opened.read({ end: 3 })));
  });

  it('may lie anywhere', async () => {
    const opened = await envelope.openMessage(newFile(longMessage));
    for (const { start, end } of randomRanges(long.length, 300)) {
      same(await opened.read({ start, end }), long.subarray(start, end));
    }
    await opened.close();
  });

  it('may lie around the ends of the frames', async () => {
    const opened = await envelope.openMessage(longMessage);
    const last = Math.floor(long.length / FRAME) * FRAME;
    const ends = [FRAME, 16 * FRAME, 17 * FRAME, 32 * FRAME, last];
    const edges = ends.flatMap((end) => [end - 1, end, end + 1]);
    for (const start of edges) {
      for (const end of edges.filter((edge) => edge >= start)) {
        same(await opened.read({ start, end }), long.subarray(start, end));
      }
    }
  });

  it('ends with the plaintext', async () => {
    for (const end of [25, 26, 1000, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      assert.deepEqual(await short.decryptRange(message, { start: 20, end }), text.subarray(20));
    }
  });

  it('must start within the plaintext', async () => {
    const opened = await short.openMessage(message);
    assert.equal((await opened.read({ start: 25 })).length, 0);
    for (const start of [26, 30, 1000, Number.MAX_SAFE_INTEGER]) {
      for (const range of [{ start }, { start, end: start }, { start, end: start - 1 }]) {
        const error = await rejection(opened.read(range), 'RANGE');
        assert.match(error.message, /25 bytes/);
        await rejection(short.decryptRange(message, range), 'RANGE');
      }
    }
  });

  it('must be one', async () => {
    const opened = await short.openMessage(message);
    const numbers = [-1, -0.5, 1.5, NaN, Infinity, 2 ** 53, '1', 1n, null, {}];
    const wrong = numbers.flatMap((value) => [{ start: value }, { end: value }]);
    for (const range of [...wrong, { start: 5, end: 4 }, { start: 25, end: 24 }]) {
      await rejection(opened.read(range), 'INVALID_ARGUMENT');
      await rejection(short.decryptRange(message, range), 'INVALID_ARGUMENT');
    }
    for (const range of [null, 5, [], { begin: 1 }]) {
      await rejection(opened.read(range), 'INVALID_ARGUMENT');
      await rejection(short.decryptRange(message, range), 'INVALID_ARGUMENT');
    }
    await rejection(short.plaintextSize(message, { start: 1 }), 'INVALID_ARGUMENT');
  });
});

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

  it('is little of a large range at a time', async () => {
    const source = watched(longMessage);
    await envelope.decryptRange(source);
    assert.ok(Math.max(...source.lengths()) < 2 * MIB);
  });

  it('is a longer start where the header is long', async () => {
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
  it('that gives too few or too many bytes, or no bytes: an error', async () => {
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

  it('that fails: its own error', async () => {
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

  it('that lies about its size: an error', async () => {
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

  it('that changes: an error, or what was there first', async () => {
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

  it('that is none: an error', async () => {
    const half = [{ size: 5 }, { read() {} }, { size: 5, read: 1 }];
    for (const wrong of [undefined, null, 5, '', {}, ...half]) {
      await rejection(short.openMessage(wrong), 'INVALID_ARGUMENT');
    }
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    await rejection(short.openMessage(shared), 'INVALID_ARGUMENT');
    await rejection(short.openMessage(path.join(folder, 'none')), 'FILE_NOT_FOUND');
    await rejection(short.openMessage(folder), 'FILE');
    await rejection(short.openMessage('a\0b'), 'FILE');
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

it('a named pipe is not waited for', { skip: windows && 'named pipes' }, async () => {
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

describe('a message that was changed', () => {
  const { headerLength } = inspect(message);
  const frames = [
    [headerLength, headerLength + 10 + OVERHEAD],
    [headerLength + 10 + OVERHEAD, headerLength + 2 * (10 + OVERHEAD)],
    [headerLength + 2 * (10 + OVERHEAD), message.length],
  ];
  const [header, ...bodies] = [[0, headerLength], ...frames].map(([start, end]) =>
    message.subarray(start, end),
  );

  const parts = [[0, 1], [0, 10], [9, 11], [10, 20], [19, 25], [20, 25]];

  it('has the layout that the other tests assume', () => {
    assert.equal(frames[2][1] - frames[2][0], 5 + FINAL_OVERHEAD);
  });

  it('by a cut: an error', async () => {
    for (const bytes of [message, short.encryptSync(Buffer.alloc(30))]) {
      for (let length = 0; length < bytes.length; length++) {
        await refused(short.decryptRange(bytes.subarray(0, length)));
        await refused(short.decryptRange(bytes.subarray(0, length), { end: 0 }));
      }
    }
    const file = newFile(longMessage);
    for (const frame of [0, 1, 40, 79, 80]) {
      for (const more of [0, 1, 100]) {
        const { headerLength: start } = inspect(longMessage);
        fs.writeFileSync(file, longMessage.subarray(0, start + frame * (FRAME + OVERHEAD) + more));
        await refused(envelope.decryptRange(file, { end: 10 }));
      }
    }
  });

  it('by bytes after its end: an error', async () => {
    for (let length = 1; length <= 3 * (10 + OVERHEAD); length++) {
      for (const more of [Buffer.alloc(length), crypto.randomBytes(length)]) {
        await refused(short.decryptRange(Buffer.concat([message, more]), { end: 1 }));
      }
    }
    for (const more of [message, ...bodies]) {
      await refused(short.decryptRange(Buffer.concat([message, more]), { end: 1 }));
    }
  });

  it('by one bit: an error, or the bytes of frames that were not changed', async () => {
    for (let bit = 0; bit < 8 * message.length; bit++) {
      const changed = Buffer.from(message);
      const at = bit >> 3;
      changed[at] ^= 1 << (bit & 7);
      const hit = frames.findIndex(([start, end]) => start <= at && at < end);
      await refused(short.decryptRange(changed));
      if (hit !== 0 && hit !== 1) {
        await refused(short.openMessage(changed));
        continue;
      }
      const opened = await short.openMessage(changed);
      for (const [start, end] of parts) {
        const read = opened.read({ start, end });
        if (start < 10 * hit + 10 && end > 10 * hit) await refused(read);
        else assert.deepEqual(await read, text.subarray(start, end));
      }
    }
  });

  it('by frames in another order: an error', async () => {
    const [first, second, last] = bodies;
    const orders = [
      [second, first, last],
      [first, first, last],
      [second, second, last],
      [last, second, first],
      [renumbered(second, 1), renumbered(first, 2), last],
    ];
    for (const order of orders) {
      const mixed = Buffer.concat([header, ...order]);
      await refused(short.decryptRange(mixed));
      for (const [i, frame] of order.entries()) {
        const read = short.decryptRange(mixed, { start: 10 * i, end: 10 * i + 5 });
        if (frame !== bodies[i] || order[2] !== last) await refused(read);
        else assert.deepEqual(await read, text.subarray(10 * i, 10 * i + 5));
      }
    }
    const counts = [[first, last], [second, last], [last], [first, second]];
    for (const order of [...counts, [first, second, second, last]]) {
      await refused(short.openMessage(Buffer.concat([header, ...order])));
    }
  });

  it('by frames of another message: an error, or bytes that are not theirs', async () => {
    const theirs = short.encryptSync(Buffer.from('Another text of the sizes'));
    for (const [i, [start, end]] of [[0, headerLength], ...frames].entries()) {
      const mixed = Buffer.from(message);
      theirs.copy(mixed, start, start, end);
      await refused(short.decryptRange(mixed));
      for (const frame of [0, 1, 2]) {
        const range = { start: 10 * frame, end: 10 * frame + 5 };
        const read = short.decryptRange(mixed, range);
        if (i === 0 || i === 3 || i === frame + 1) await refused(read);
        else assert.deepEqual(await read, text.subarray(range.start, range.end));
      }
    }
  });

  it('while it is open: an error', async () => {
    const bytes = Buffer.from(longMessage);
    const file = newFile(bytes);
    const inMemory = await envelope.openMessage(bytes);
    const inFile = await envelope.openMessage(file);
    bytes[2 * MIB] ^= 1;
    await rejection(inMemory.read(), 'AUTHENTICATION_FAILED');
    same(await inMemory.read({ end: MIB }), long.subarray(0, MIB));
    fs.truncateSync(file, 2 * MIB);
    await rejection(inFile.read(), 'TRUNCATED_MESSAGE');
    same(await inFile.read({ end: MIB }), long.subarray(0, MIB));
    await inFile.close();
  });

  function renumbered(frame, number) {
    const copy = Buffer.from(frame);
    copy.writeUInt32BE(number);
    return copy;
  }
});

describe('openMessage', () => {
  it('gives the header and the size', async () => {
    const encryptionContext = { tenant: 'acme' };
    const bytes = short.encryptSync(text, { encryptionContext });
    const opened = await short.openMessage(bytes, { encryptionContext });
    assert.deepEqual(opened.header, inspect(bytes));
    assert.equal(opened.size, 25);
    assert.equal(await short.plaintextSize(bytes, { encryptionContext }), 25);
    const options = { start: 1, end: 4, encryptionContext };
    assert.equal(String(await short.decryptRange(bytes, options)), 'wen');
    for (const wrong of [{ tenant: 'other' }, { user: '1' }]) {
      for (const call of ['openMessage', 'decryptRange', 'plaintextSize']) {
        const mismatch = short[call](bytes, { encryptionContext: wrong });
        await rejection(mismatch, 'CONTEXT_MISMATCH');
      }
    }
    await rejection(short.openMessage(bytes, { unknown: 1 }), 'INVALID_ARGUMENT');
  });

  it('reads many ranges at once', async () => {
    const opened = await envelope.openMessage(newFile(longMessage));
    const ranges = randomRanges(long.length, 50);
    const found = await Promise.all(ranges.map((range) => opened.read(range)));
    for (const [i, { start, end }] of ranges.entries()) same(found[i], long.subarray(start, end));
    await opened.close();
  });

  it('reads nothing after close, which may come twice and at any time', async () => {
    const opened = await envelope.openMessage(newFile(longMessage));
    const reading = rejection(opened.read(), 'INVALID_ARGUMENT');
    await opened.close();
    await reading;
    for (const range of [undefined, { end: 1 }, { start: 5 * MIB }]) {
      const error = await rejection(opened.read(range), 'INVALID_ARGUMENT');
      assert.match(error.message, /closed/);
    }
    await opened.close();
    assert.equal(opened.size, long.length);
  });

  it('reads not even nothing after close', async () => {
    const opened = await short.openMessage(message);
    await opened.close();
    await rejection(opened.read({ end: 0 }), 'INVALID_ARGUMENT');
  });

  it('is closed by `await using`', async (t) => {
    const disposed = await short.openMessage(message);
    await disposed[Symbol.asyncDispose]();
    await rejection(disposed.read(), 'INVALID_ARGUMENT');
    const node = nodeBinary(24);
    if (!requireOrSkip(t, node, 'run `node scripts/prepare.js peers`')) return;
    const script = `
      const { Envelope, RawAesKeyring } = require(process.argv[1]);
      const wrappingKey = Buffer.alloc(32, 1);
      const keyring = new RawAesKeyring({ keyNamespace: 'a', keyName: 'b', wrappingKey });
      const envelope = new Envelope({ keyring });
      (async () => {
        let message;
        {
          await using opened = await envelope.openMessage(envelope.encryptSync('text'));
          message = opened;
          console.log(String(await opened.read()));
        }
        await message.read().catch(({ code }) => console.log(code));
      })();`;
    const run = promisify(execFile)(node, ['-e', script, path.join(__dirname, '..')]);
    assert.equal((await run).stdout, 'text\nERR_ENVELOPE_INVALID_ARGUMENT\n');
  });

  it('refuses a message without frames', async () => {
    const cases = vectors.casesOf(vectors.OURS);
    const { item, envelope: reader } = cases.find(
      ({ item: { id } }) => id === 'crafted-control-unframed-0478',
    );
    const bytes = vectors.bytes(vectors.OURS, item, 'ciphertext');
    assert.equal(inspect(bytes).contentType, 'non-framed');
    for (const call of ['openMessage', 'decryptRange', 'plaintextSize']) {
      await rejection(reader[call](bytes), 'UNSUPPORTED_MESSAGE');
    }
  });
});

describe('an AbortSignal', () => {
  it('that has fired stops a call before it reads', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    for (const call of ['openMessage', 'decryptRange', 'plaintextSize']) {
      const source = watched(message);
      const error = await rejection(short[call](source, { signal }), 'ABORTED');
      assert.equal(error.cause, signal.reason);
      assert.deepEqual(source.reads(), []);
    }
  });

  const reads = ['the header', 'the final frame', 'the first frames', 'more frames'];
  for (const [i, what] of reads.entries()) {
    it(`ends a call in the read of ${what}`, async () => {
      const controller = new AbortController();
      let count = 0;
      const source = {
        size: longMessage.length,
        async read(start, end) {
          if (count++ === i) controller.abort();
          return longMessage.subarray(start, end);
        },
      };
      const { signal } = controller;
      await rejection(envelope.decryptRange(source, { signal }), 'ABORTED');
    });
  }

  it('ends a call whose source never answers', async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    const source = { size: 1000, read: () => new Promise(() => {}) };
    const { signal } = controller;
    const late = new Promise((resolve) => setTimeout(resolve, 500, 'it waits'));
    const opening = failure(envelope.openMessage(source, { signal }));
    assert.equal((await Promise.race([opening, late])).code, 'ERR_ENVELOPE_ABORTED');
  });

  it('ends the request to KMS', async () => {
    const controller = new AbortController();
    const Plaintext = Buffer.alloc(32, 1).toString('base64');
    const CiphertextBlob = Buffer.alloc(100, 2).toString('base64');
    const fake = await startFakeKms((operation) => {
      if (operation !== 'Decrypt') return { body: { KeyId: ARN, Plaintext, CiphertextBlob } };
      controller.abort();
      return { never: true };
    });
    try {
      const { endpoint } = fake;
      const kms = new Envelope({ keyring: new AwsKmsKeyring({ keyId: ARN, endpoint }) });
      const file = newFile(await kms.encrypt(text));
      const { closed } = fake.state;
      await rejection(kms.openMessage(file, { signal: controller.signal }), 'ABORTED');
      while (fake.state.closed === closed) await new Promise(setImmediate);
    } finally {
      await fake.stop();
    }
  });
});

describe('AWS KMS (moto)', { skip: skipWithout('python') }, () => {
  let moto;
  let kms;
  const calls = async () => (await moto.requests()).map(({ target }) => target.split('.')[1]);

  before(async () => {
    moto = await startMoto();
    const { arn } = await moto.createKey();
    const keyId = { keyId: arn, endpoint: moto.endpoint };
    kms = new Envelope({ keyring: new AwsKmsKeyring(keyId), frameLength: 10 });
  });
  beforeEach(() => moto.clearRequests());
  after(() => moto?.stop());

  it('is asked once for each open message', async () => {
    const file = newFile(await kms.encrypt(text));
    await moto.clearRequests();
    const opened = await kms.openMessage(file);
    await everyRange(text, (range) => opened.read(range));
    await opened.close();
    assert.deepEqual(await calls(), ['Decrypt']);
    assert.equal(String(await kms.decryptRange(file, { start: 7, end: 11 })), 'five');
    assert.equal(await kms.plaintextSize(file), 25);
    assert.deepEqual(await calls(), ['Decrypt', 'Decrypt', 'Decrypt']);
  });

  it('is not asked about what can be refused without it', async () => {
    const bytes = await kms.encrypt(text, { encryptionContext: { tenant: 'acme' } });
    await moto.clearRequests();
    const wrong = { encryptionContext: { tenant: 'other' } };
    await rejection(kms.openMessage(bytes, wrong), 'CONTEXT_MISMATCH');
    await rejection(kms.openMessage(bytes.subarray(0, 50)), 'TRUNCATED_MESSAGE');
    await rejection(kms.openMessage(text), 'MALFORMED_MESSAGE');
    await rejection(kms.openMessage(bytes, { unknown: 1 }), 'INVALID_ARGUMENT');
    assert.deepEqual(await calls(), []);
  });
});

describe('vectors', () => {
  it('of this repository', (t) => run(t, vectors.OURS, { read: 60, refused: 260 }));

  it('of the whole set', async (t) => {
    if (vectors.present(t)) await run(t, vectors.SHARED, { read: 60, refused: 2000 });
  });

  async function run(t, set, least) {
    const counts = { read: 0, refused: 0 };
    const cases = vectors.casesOf(set);
    const items = new Map(cases.map(({ item }) => [item.id, item]));
    for (const { item, envelope: reader } of cases) {
      const bytes = vectors.bytes(set, item, 'ciphertext');
      if (item.result === 'fail') {
        const base = items.get(item.base);
        await refusedVector(reader, bytes, base && vectors.bytes(set, base, 'plaintext'));
        counts.refused++;
      } else if (item.result === 'ok' && isRanged(bytes)) {
        await readVector(reader, bytes, vectors.bytes(set, item, 'plaintext'));
        counts.read++;
      }
    }
    t.diagnostic(JSON.stringify(counts));
    assert.ok(counts.read >= least.read && counts.refused >= least.refused);
  }

  function isRanged(bytes) {
    const { algorithmSuite, contentType } = inspect(bytes);
    return !algorithmSuite.signed && contentType === 'framed';
  }

  async function readVector(reader, bytes, plaintext) {
    const opened = await reader.openMessage(bytes);
    assert.equal(opened.size, plaintext.length);
    same(await opened.read(), plaintext);
    for (const range of randomRanges(plaintext.length, 20)) {
      same(await opened.read(range), plaintext.subarray(range.start, range.end));
    }
  }

  /** The whole is refused; a part, too, or it is that of the message that was changed. */
  async function refusedVector(reader, bytes, plaintext) {
    const error = await failure(reader.decryptRange(bytes));
    assert.ok(error instanceof EnvelopeError, String(error));
    assert.doesNotMatch(error.code, /_(INVALID_ARGUMENT|INTERNAL|RANGE)$/, error.message);
    if (!plaintext) return;
    for (const range of randomRanges(plaintext.length, 20)) {
      const found = await reader.decryptRange(bytes, range).catch((reason) => reason);
      if (found instanceof EnvelopeError) continue;
      same(found, plaintext.subarray(range.start, range.end));
    }
  }
});

/** Ranges of so many bytes, the same in every run: short ones and long ones. */
function randomRanges(length, count) {
  const random = seeded(count);
  return Array.from({ length: count }, (_, i) => {
    const start = random(length + 1);
    const most = i % 2 === 0 ? length - start : Math.min(length - start, 2 * FRAME);
    return { start, end: start + random(most + 1) };
  });
}

/** Reads each range of the plaintext. */
async function everyRange(plaintext, read) {
  for (let start = 0; start <= plaintext.length; start++) {
    for (let end = start; end <= plaintext.length; end++) {
      const found = await read({ start, end });
      assert.ok(found.equals(plaintext.subarray(start, end)), `${start} to ${end}`);
    }
  }
}

/** It must fail because of the message. */
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
function newFile(bytes) {
  const file = path.join(folder, `message ${++files}`);
  fs.writeFileSync(file, bytes);
  return file;
}

/** Large buffers, without a printed difference. */
function same(found, expected) {
  assert.ok(found.equals(expected), `${found.length} bytes, not the ${expected.length} expected`);
}
