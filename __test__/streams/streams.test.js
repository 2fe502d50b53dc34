'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { Readable, Writable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { describe, it } = require('node:test');

const api = require('../..');
const { FRAME, envelope, inputOf, short } = require('../support/stream-envelopes');
const { cut, ended, randomly, through, turns } = require('../support/streams');

const KIB = 1024;
const MIB = 1024 * KIB;
const DIRECTIONS = ['encryptStream', 'decryptStream'];

describe('encryptStream and decryptStream', () => {
  const sizes = [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, MIB - 1, MIB, MIB + 1, 5 * MIB + 3];
  for (const size of sizes) {
    it(`${size} bytes come back as they were`, () =>
      roundTrip(envelope, crypto.randomBytes(size), FRAME));
  }

  it('a plaintext in short frames comes back as it was', async () => {
    for (const size of [0, 1, 99, 100, 101, 200, FRAME, 300_007]) {
      await roundTrip(short, crypto.randomBytes(size), 1000);
    }
  });

  for (const [name, size, chunks] of [
    ['single bytes', 150_001, 1],
    ['random lengths', 3 * MIB, randomly(1, 200_000)],
    ['random lengths, some of them 0', 300_000, randomly(0, 3000)],
    ['one chunk of 5 MiB', 5 * MIB, 5 * MIB],
  ]) {
    it(`chunks of every kind come back as they were: ${name}`, () =>
      roundTrip(envelope, crypto.randomBytes(size), chunks));
  }

  it('strings and all kinds of bytes can be written, as to any stream', async () => {
    const stream = envelope.encryptStream();
    stream.write('grü');
    stream.write('c39f', 'hex');
    stream.end(new Uint8Array([0, 0x65, 0]).subarray(1, 2));
    assert.equal(envelope.decryptSync(await read(stream)).toString(), 'grüße');
  });

  it('lets the event loop turn during a large chunk', async () => {
    let turned = 0;
    const timer = setInterval(() => turned++, 1);
    await through(envelope.encryptStream(), [Buffer.alloc(64 * MIB)]);
    clearInterval(timer);
    assert.ok(turned > 3, `${turned} turns`);
  });

  it('a header comes once, before any data', async () => {
    const encryptionContext = { tenant: 'acme' };
    const message = envelope.encryptSync(Buffer.alloc(200_000), { encryptionContext });
    for (const length of [1, message.length]) {
      const events = [];
      const stream = envelope.decryptStream({ encryptionContext });
      stream.on('header', (header) => events.push(header));
      stream.on('data', () => events.push('data'));
      await through(stream, cut(message, length));
      const { header } = await envelope.decryptMessage(message);
      assert.deepEqual(events.shift(), header);
      assert.ok(events.length > 0 && events.every((event) => event === 'data'));
    }
  });

  it('the encryption context is written, and checked', async () => {
    const options = { encryptionContext: { tenant: 'acme' } };
    const { output } = await through(envelope.encryptStream(options), ['x']);
    assert.deepEqual({ ...api.inspect(output).encryptionContext }, options.encryptionContext);
    for (const wrong of [{ tenant: 'other' }, { user: '1' }]) {
      const stream = envelope.decryptStream({ encryptionContext: wrong });
      stream.on('header', () => assert.fail('the header is not what was asked for'));
      await ended(through(stream, [output]), 'CONTEXT_MISMATCH');
    }
  });

  for (const [name, under, chunks] of [
    ['chunks of 64 KiB', envelope, FRAME],
    ['single bytes', envelope, 1],
    ['frames of 100 bytes', short, FRAME],
    ['frames of 100 bytes, single bytes', short, 1],
    ['frames of 100 bytes, random chunks', short, randomly(1, 150_000)],
    ['chunks of 80 KiB', short, 80 * KIB],
    ['chunks of 1 MiB', envelope, MIB],
  ]) {
    it(`every push but the last is at least 64 KiB: ${name}`, async () => {
      const size = chunks === 1 ? 200_000 : 3 * MIB + 5;
      const sealed = await through(under.encryptStream(), cut(Buffer.alloc(size), chunks));
      const opened = await through(under.decryptStream(), cut(sealed.output, chunks));
      for (const { pushes } of [sealed, opened]) {
        const lengths = pushes.slice(0, -1).map(({ length }) => length);
        assert.ok(lengths.length > 0 && Math.min(...lengths) >= FRAME, `${lengths}`);
      }
    });
  }

  for (const direction of DIRECTIONS) {
    it(`${direction} is as slow as its reader`, async (t) => {
      const input = inputOf(direction, Buffer.alloc(8 * MIB));
      const stream = envelope[direction]();
      let given = 0;
      let taken = 0;
      let most = 0;
      function* source() {
        for (const chunk of cut(input, FRAME)) {
          given += chunk.length;
          yield chunk;
        }
      }
      const sink = new Writable({
        write(piece, _encoding, done) {
          taken += piece.length;
          most = Math.max(most, given - taken, stream.readableLength + stream.writableLength);
          setImmediate(done);
        },
      });
      await pipeline(Readable.from(source()), stream, sink);
      t.diagnostic(`${(most / MIB).toFixed(2)} MiB`);
      assert.ok(most > 0 && most <= MIB, `${most} bytes`);
    });

    it(`${direction} buffers little input while nobody reads`, async () => {
      const input = inputOf(direction, Buffer.alloc(8 * MIB));
      const stream = envelope[direction]();
      const source = cut(input, FRAME);
      while (stream.write(source.next().value));
      await turns();
      assert.ok(stream.readableLength + stream.writableLength <= MIB);
      stream.destroy();
    });
  }
});

describe('streams that nobody sends anything', () => {
  it('encryptStream gives the message of the empty plaintext', async () => {
    const { output, error } = await through(envelope.encryptStream(), []);
    assert.ifError(error);
    assert.equal(envelope.decryptSync(output).length, 0);
  });

  it('decryptStream fails: the message is truncated', async () => {
    for (const chunks of [[], [Buffer.alloc(0)]]) {
      const running = through(envelope.decryptStream(), chunks);
      const { output } = await ended(running, 'TRUNCATED_MESSAGE');
      assert.equal(output.length, 0);
    }
  });
});

describe('plaintextLength', () => {
  for (const size of [0, 1, 1000, 200_000]) {
    it(`${size} bytes come through if they were announced, and are refused if more or fewer were`, async () => {
      const plaintext = crypto.randomBytes(size);
      for (const direction of DIRECTIONS) {
        const input = inputOf(direction, plaintext);
        const run = (plaintextLength) =>
          through(envelope[direction]({ plaintextLength }), cut(input, 10_000));
        assert.ifError((await run(size)).error);
        await ended(run(size + 1), 'LENGTH_MISMATCH');
        if (size === 0) continue;
        const { output } = await ended(run(size - 1), 'LENGTH_MISMATCH');
        if (direction === 'decryptStream') assert.ok(output.length < size);
      }
    });
  }
});

/** From plaintext to message in a stream and back in one piece, and the other way round. */
async function roundTrip(under, data, chunks) {
  const sealed = await through(under.encryptStream(), cut(data, chunks));
  assert.ifError(sealed.error);
  const message = under.encryptSync(data);
  assert.equal(sealed.output.length, message.length);
  assert.ok(under.decryptSync(sealed.output).equals(data));
  const opened = await through(under.decryptStream(), cut(message, chunks));
  assert.ifError(opened.error);
  assert.ok(opened.output.equals(data));
}

async function read(stream) {
  return Buffer.concat(await stream.toArray());
}
