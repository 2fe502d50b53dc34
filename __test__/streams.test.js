'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { EventEmitter, getEventListeners, once } = require('node:events');
const path = require('node:path');
const { Readable, Writable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { after, before, beforeEach, describe, it } = require('node:test');

const api = require('..');
const { startFakeKms } = require('./support/fake_kms');
const { temporaryFolder } = require('./support/files');
const { startMoto } = require('./support/moto');
const { thrown } = require('./support/rejects');
const { skipWithout } = require('./support/requirements');
const { cut, ended, failure, randomly, through, turns } = require('./support/streams');

const { AwsKmsKeyring, Envelope, LocalKeyring, RawAesKeyring } = api;

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const KIB = 1024;
const MIB = 1024 * KIB;
const FRAME = 64 * KIB;
const ARN = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

const keyring = new RawAesKeyring({
  keyNamespace: 'tests',
  keyName: 'key',
  wrappingKey: crypto.randomBytes(32),
});
const envelope = new Envelope({ keyring });
const short = new Envelope({ keyring, frameLength: 100 });
const DIRECTIONS = ['encryptStream', 'decryptStream'];

describe('encryptStream and decryptStream', () => {
  const sizes = [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, MIB - 1, MIB, MIB + 1, 5 * MIB + 3];
  for (const size of sizes) {
    it(`${size} bytes, both ways`, () => roundTrip(envelope, crypto.randomBytes(size), FRAME));
  }

  it('short frames', async () => {
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
    it(`chunks: ${name}`, () => roundTrip(envelope, crypto.randomBytes(size), chunks));
  }

  it('takes what a stream takes', async () => {
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

    it(`${direction} takes in little while nobody reads`, async () => {
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

describe('decryptStream and messages that are not whole', () => {
  const plaintext = crypto.randomBytes(350);
  const small = short.encryptSync(plaintext);
  const large = crypto.randomBytes(5 * FRAME + 10);
  const long = envelope.encryptSync(large);
  const overhead = long.length - envelope.encryptSync('').length - large.length;
  const frame = FRAME + overhead / 5;
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
    it(`cut off at the end of frame ${frames}, and around it`, async () => {
      for (const around of [-1, 0, 1]) {
        const part = long.subarray(0, header + frames * frame + around);
        const running = through(envelope.decryptStream(), cut(part, FRAME));
        const { output } = await ended(running, 'TRUNCATED_MESSAGE');
        assert.equal(output.length % FRAME, 0);
        assert.ok(output.length <= Math.max(0, frames - (around < 0)) * FRAME);
        assertStart(output, large);
      }
    });
  }

  it('cut off late: what has verified is there', async () => {
    const plaintext = crypto.randomBytes(5 * MIB);
    const message = envelope.encryptSync(plaintext);
    const running = through(envelope.decryptStream(), cut(message.subarray(0, -1), FRAME));
    const { output } = await ended(running, 'TRUNCATED_MESSAGE');
    assert.ok(output.length >= 4 * MIB);
    assertStart(output, plaintext);
  });

  it('followed by more bytes: malformed', async () => {
    for (const more of [Buffer.alloc(1), Buffer.alloc(100_000), small]) {
      for (const chunks of [[small, more], [Buffer.concat([small, more])]]) {
        const running = through(short.decryptStream(), chunks);
        const { output } = await ended(running, 'MALFORMED_MESSAGE');
        assertStart(output, plaintext);
      }
    }
    // What comes late cannot call back what has verified, but it is an error.
    const running = through(envelope.decryptStream(), [long, 'x']);
    const { output } = await ended(running, 'MALFORMED_MESSAGE');
    assertStart(output, large);
  });

  it('changed in any byte: the error of decrypt, and never a wrong byte', async () => {
    for (let at = 0; at < small.length; at++) {
      const changed = Buffer.from(small);
      changed[at] ^= 1 << at % 8;
      const { code } = await failure(short.decrypt(changed));
      for (const chunks of [small.length, 10]) {
        const running = through(short.decryptStream(), cut(changed, chunks));
        const { output } = await ended(running, code.replace('ERR_ENVELOPE_', ''));
        assertStart(output, plaintext);
      }
    }
  });

  it('changed late: what came before is released, and no more', async () => {
    for (let frames = 0; frames <= 5; frames++) {
      const changed = Buffer.from(long);
      changed[header + frames * frame + 30] ^= 1;
      const running = through(envelope.decryptStream(), cut(changed, randomly(1, 100_000)));
      const { output } = await ended(running, 'AUTHENTICATION_FAILED');
      assert.ok(output.length <= frames * FRAME);
      assertStart(output, large);
    }
    const swapped = Buffer.concat([
      long.subarray(0, header),
      long.subarray(header + frame, header + 2 * frame),
      long.subarray(header, header + frame),
      long.subarray(header + 2 * frame),
    ]);
    const running = through(envelope.decryptStream(), [swapped]);
    const { output } = await ended(running, 'MALFORMED_MESSAGE');
    assert.equal(output.length, 0);
  });

  it('under another key', async () => {
    const wrappingKey = crypto.randomBytes(32);
    const options = { keyNamespace: 'tests', keyName: 'key', wrappingKey };
    const other = new Envelope({ keyring: new RawAesKeyring(options) });
    const stream = other.decryptStream();
    stream.on('header', () => assert.fail('the header was not authenticated'));
    await ended(through(stream, [small]), 'NO_USABLE_KEY');
  });
});

describe('streams that nobody sends anything', () => {
  it('encryptStream: the message of the empty plaintext', async () => {
    const { output, error } = await through(envelope.encryptStream(), []);
    assert.ifError(error);
    assert.equal(envelope.decryptSync(output).length, 0);
  });

  it('decryptStream: truncated', async () => {
    for (const chunks of [[], [Buffer.alloc(0)]]) {
      const running = through(envelope.decryptStream(), chunks);
      const { output } = await ended(running, 'TRUNCATED_MESSAGE');
      assert.equal(output.length, 0);
    }
  });
});

describe('streams that are destroyed', () => {
  for (const direction of DIRECTIONS) {
    it(`${direction}: before, during and after its work`, async () => {
      const input = inputOf(direction, Buffer.alloc(8 * MIB));
      for (const pushes of [0, 1, 3]) {
        const stream = envelope[direction]();
        const running = through(stream, cut(input, MIB));
        let left = pushes;
        stream.on('data', () => --left === 0 && stream.destroy());
        if (pushes === 0) stream.destroy();
        assert.equal((await running).error.code, 'ERR_STREAM_PREMATURE_CLOSE');
      }
      const stream = envelope[direction]();
      assert.ifError((await through(stream, [input])).error);
      stream.destroy();
      await turns();
    });

    it(`${direction}: right after a write nothing comes any more`, async () => {
      const input = inputOf(direction, Buffer.alloc(MIB));
      const stream = envelope[direction]();
      const closed = once(stream, 'close');
      stream.write(input);
      stream.destroy();
      const events = [];
      for (const event of ['header', 'data', 'end']) stream.on(event, () => events.push(event));
      await closed;
      await turns();
      assert.deepEqual(events, []);
    });

    it(`${direction}: with the error that was given`, async () => {
      const stream = envelope[direction]();
      const mine = new Error('mine');
      stream.write(inputOf(direction, Buffer.alloc(MIB)));
      stream.destroy(mine);
      const [error] = await once(stream, 'error');
      assert.equal(error, mine);
    });
  }

  it('a failing neighbour ends them', async () => {
    const mine = new Error('mine');
    async function* failing() {
      yield Buffer.alloc(MIB);
      throw mine;
    }
    const stream = envelope.encryptStream();
    assert.equal(await failure(pipeline(Readable.from(failing()), stream, drop())), mine);
    assert.ok(stream.destroyed);
    const sink = new Writable({ write: (_piece, _encoding, done) => done(mine) });
    const other = envelope.encryptStream();
    assert.equal(await failure(pipeline(Readable.from(zeros(MIB)), other, sink)), mine);
    assert.ok(other.destroyed);
  });
});

describe('streams while KMS is asked', () => {
  const good = {
    KeyId: ARN,
    Plaintext: Buffer.alloc(32, 1).toString('base64'),
    CiphertextBlob: Buffer.alloc(100, 2).toString('base64'),
  };
  let fake;
  let asked;
  let answer;
  let message;
  const kms = () =>
    new Envelope({ keyring: new AwsKmsKeyring({ keyId: ARN, endpoint: fake.endpoint }) });

  before(async () => {
    asked = new EventEmitter();
    answer = { body: good };
    fake = await startFakeKms(() => {
      asked.emit('call');
      return answer;
    });
    message = await kms().encrypt('x');
    answer = { never: true };
  });
  after(() => fake.stop());

  for (const direction of DIRECTIONS) {
    const input = () => (direction === 'encryptStream' ? 'x' : message);

    it(`${direction}: destroying ends the call`, async () => {
      const { closed } = fake.state;
      const stream = kms()[direction]();
      stream.write(input());
      await once(asked, 'call');
      stream.destroy();
      await once(stream, 'close');
      while (fake.state.closed === closed) await new Promise(setImmediate);
      assert.equal(stream.errored, null);
    });

    it(`${direction}: an AbortSignal ends the call`, async () => {
      const { closed } = fake.state;
      const controller = new AbortController();
      const stream = kms()[direction]({ signal: controller.signal });
      const running = through(stream, [input()]);
      await once(asked, 'call');
      controller.abort();
      const { error } = await ended(running, 'ABORTED');
      assert.equal(error.name, 'AbortError');
      while (fake.state.closed === closed) await new Promise(setImmediate);
    });

    it(`${direction}: a refusal ends the stream`, async () => {
      const usual = answer;
      answer = { status: 400, body: { __type: 'AccessDeniedException', message: 'by the test' } };
      await ended(through(kms()[direction](), [input()]), 'KMS_ACCESS_DENIED');
      answer = usual;
    });
  }

  it('a chunk whose buffer goes away meanwhile is not left out in silence', async () => {
    const usual = answer;
    answer = { body: good };
    const chunk = new Uint8Array(1000);
    const stream = kms().encryptStream();
    const running = through(stream, [chunk]);
    await once(asked, 'call');
    structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
    await ended(running, 'INVALID_ARGUMENT');
    answer = usual;
  });
});

describe('a signal of a stream', () => {
  for (const direction of DIRECTIONS) {
    it(`${direction}: before it begins`, async () => {
      const reason = new Error('enough');
      const stream = envelope[direction]({ signal: AbortSignal.abort(reason) });
      const { error, output } = await ended(through(stream, zeros(MIB)), 'ABORTED');
      assert.equal(error.name, 'AbortError');
      assert.equal(error.cause, reason);
      assert.equal(output.length, 0);
    });

    it(`${direction}: midway`, async () => {
      const controller = new AbortController();
      const input = inputOf(direction, Buffer.alloc(8 * MIB));
      const stream = envelope[direction]({ signal: controller.signal });
      stream.once('data', () => controller.abort());
      const { error, output } = await ended(through(stream, cut(input, FRAME)), 'ABORTED');
      assert.equal(error.name, 'AbortError');
      assert.ok(output.length < 8 * MIB);
    });

    it(`${direction}: during one large chunk`, async () => {
      const controller = new AbortController();
      const input = inputOf(direction, Buffer.alloc(64 * MIB));
      const stream = envelope[direction]({ signal: controller.signal });
      setImmediate(() => controller.abort());
      const { output } = await ended(through(stream, [input]), 'ABORTED');
      assert.ok(output.length < 32 * MIB, `${output.length} bytes`);
    });

    it(`${direction}: after its end it is forgotten`, async () => {
      const { signal } = new AbortController();
      const stream = envelope[direction]({ signal });
      assert.ifError((await through(stream, [inputOf(direction, Buffer.alloc(10))])).error);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    });
  }
});

describe('plaintextLength', () => {
  for (const size of [0, 1, 1000, 200_000]) {
    it(`${size} bytes`, async () => {
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

describe('arguments of the streams', () => {
  it('of the wrong kind are refused at once', () => {
    const options = [null, 'x', 5, [], { keyId: 'x' }, { into: Buffer.alloc(9) }, { signal: {} }];
    for (const encryptionContext of [null, [], { a: 1 }]) options.push({ encryptionContext });
    for (const plaintextLength of [-1, 1.5, NaN, '5', 2 ** 53]) options.push({ plaintextLength });
    for (const wrong of options) {
      for (const direction of DIRECTIONS) {
        thrown(() => envelope[direction](wrong), 'INVALID_ARGUMENT');
      }
    }
  });

  it('chunks of shared memory are refused', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    for (const direction of DIRECTIONS) {
      await ended(through(envelope[direction](), [shared]), 'INVALID_ARGUMENT');
      // Other things are refused by streams themselves.
      assert.throws(() => envelope[direction]().write(5), { code: 'ERR_INVALID_ARG_TYPE' });
    }
  });

  it('a chunk whose buffer goes away midway ends the stream with an error', async () => {
    for (const direction of DIRECTIONS) {
      const input = inputOf(direction, Buffer.alloc(8 * MIB));
      const chunk = new Uint8Array(input.subarray(500));
      const stream = envelope[direction]();
      stream.once('data', () => structuredClone(chunk.buffer, { transfer: [chunk.buffer] }));
      const running = through(stream, [input.subarray(0, 500), chunk]);
      const { pushes } = await ended(running, 'INVALID_ARGUMENT');
      assert.ok(pushes.length < 8);
    }
  });

  it("an error of the header's listener ends the stream with it", async () => {
    const message = envelope.encryptSync('x');
    for (const mine of [new Error('mine'), new Error('{mine}')]) {
      const stream = envelope.decryptStream();
      stream.on('header', () => {
        throw mine;
      });
      const { error } = await through(stream, [message]);
      assert.ok(error === mine || error.cause === mine);
    }
  });
});

describe('the module functions for streams', () => {
  it('use the key of the option or of ENCRYPTION_KEY_ID', async () => {
    const file = path.join(temporaryFolder(), 'dev.key');
    LocalKeyring.generate(file);
    const keyId = `local:${file}`;
    delete process.env.ENCRYPTION_KEY_ID;
    for (const direction of DIRECTIONS) {
      const { message } = thrown(() => api[direction](), 'INVALID_ARGUMENT');
      assert.match(message, /ENCRYPTION_KEY_ID/);
      thrown(() => api[direction](null), 'INVALID_ARGUMENT');
    }
    const encryptionContext = { a: 'b' };
    const sealed = await through(api.encryptStream({ keyId, encryptionContext }), ['x']);
    process.env.ENCRYPTION_KEY_ID = keyId;
    const opened = await through(api.decryptStream({ encryptionContext }), [sealed.output]);
    assert.equal(opened.output.toString(), 'x');
    assert.equal(await api.decrypt(sealed.output).then(String), 'x');
  });
});

describe('streams and AWS KMS (moto)', { skip: skipWithout('python') }, () => {
  let moto;
  let kms;
  const calls = async () => (await moto.requests()).map(({ target }) => target.split('.')[1]);

  before(async () => {
    moto = await startMoto();
    const { arn } = await moto.createKey();
    kms = new Envelope({ keyring: new AwsKmsKeyring({ keyId: arn, endpoint: moto.endpoint }) });
  });
  beforeEach(() => moto.clearRequests());
  after(() => moto?.stop());

  it('one call for each stream', async () => {
    for (const size of [0, 1, MIB]) {
      await moto.clearRequests();
      const { output } = await through(kms.encryptStream(), cut(Buffer.alloc(size), FRAME));
      assert.deepEqual(await calls(), ['GenerateDataKey']);
      const opened = await through(kms.decryptStream(), cut(output, 1000));
      assert.equal(opened.output.length, size);
      assert.deepEqual(await calls(), ['GenerateDataKey', 'Decrypt']);
    }
  });

  it('none for a stream that gets nothing, or no header, or not what it expects', async () => {
    const message = await kms.encrypt('x');
    await moto.clearRequests();
    kms.encryptStream().destroy();
    kms.decryptStream().destroy();
    await through(kms.decryptStream(), []);
    await through(kms.decryptStream(), [message.subarray(0, 50)]);
    await through(kms.decryptStream({ encryptionContext: { a: 'b' } }), [message]);
    await through(kms.encryptStream({ signal: AbortSignal.abort() }), ['x']);
    await through(kms.encryptStream({ plaintextLength: 1 }), ['xy']);
    await turns();
    assert.deepEqual(await calls(), []);
  });
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

/** What a stream in this direction takes for the plaintext. */
function inputOf(direction, plaintext) {
  return direction === 'encryptStream' ? plaintext : envelope.encryptSync(plaintext);
}

/** The output is the start of the plaintext. */
function assertStart(output, plaintext) {
  assert.ok(plaintext.subarray(0, output.length).equals(output), 'a wrong byte was released');
}

function* zeros(length) {
  yield* cut(Buffer.alloc(length), FRAME);
}

/** Where output goes that nobody looks at. */
function drop() {
  return new Writable({ write: (_piece, _encoding, done) => done() });
}

async function read(stream) {
  return Buffer.concat(await stream.toArray());
}
