'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');
const v8 = require('node:v8');
const vm = require('node:vm');

const { Envelope, EnvelopeError } = require('../..');
const { flip } = require('../support/edits');
const { rawAes } = require('../support/raw-aes');
const { ended, through } = require('../support/streams');
const { rejection } = require('../support/rejects');

const MIB = 1024 * 1024;
const keyring = rawAes();
const envelope = new Envelope({ keyring });
const other = new Envelope({ keyring, algorithmSuite: 0x0578 });
const plaintext = crypto.randomBytes(5 * MIB);
const message = envelope.encryptSync(plaintext);

/** Calls that take several turns of the event loop, each with a buffer of its own. */
const CALLS = {
  encrypt: (input) => envelope.encrypt(input),
  'encrypt, signed': (input) => other.encrypt(input),
  decrypt: (input) => envelope.decrypt(input),
  decryptMessage: (input) => envelope.decryptMessage(input),
  reEncrypt: (input) => envelope.reEncrypt(input, other),
  encryptStream: (input) => piped(envelope.encryptStream(), input),
  decryptStream: (input) => piped(envelope.decryptStream(), input),
  decryptRange: (input) => envelope.decryptRange(input),
};

const inputOf = (name) => fresh(name.startsWith('encrypt') ? plaintext : message);

describe('a buffer that JavaScript changes while it is being used', () => {
  for (const [name, call] of Object.entries(CALLS)) {
    // Encryption may take the old bytes or the new; decryption must not release what has not verified.
    it(`${name}: overwritten, gives a valid message or verified plaintext only`, async () => {
      const input = inputOf(name);
      const running = call(input).catch((error) => error);
      await turn();
      input.fill(0xaa, MIB);
      const result = await running;
      if (name.startsWith('encrypt')) {
        const opened = await envelope.decrypt(result);
        assert.equal(opened.length, plaintext.length);
        assert.ok(opened.subarray(0, MIB).equals(plaintext.subarray(0, MIB)));
      } else if (result instanceof EnvelopeError) {
        assert.match(result.code, /AUTHENTICATION_FAILED|MALFORMED_MESSAGE|TRUNCATED_MESSAGE/);
      } else if (name === 'reEncrypt') {
        assert.ok((await other.decrypt(result)).equals(plaintext));
      } else {
        assert.ok(plaintext.equals(result.plaintext ?? result), 'only what has verified comes out');
      }
    });

    it(`${name}: transferred, gives the whole result or an error`, async () => {
      const input = inputOf(name);
      const running = call(input).catch((error) => error);
      await turn();
      structuredClone(input.buffer, { transfer: [input.buffer] });
      const result = await running;
      if (!(result instanceof EnvelopeError)) return assert.ok(isWhole(name, result));
      assert.match(result.code, /INVALID_ARGUMENT|TRUNCATED_MESSAGE/);
    });

    it(`${name}: shrunk, gives the whole result or an error`, async () => {
      const whole = inputOf(name);
      const resizable = new ArrayBuffer(whole.length, { maxByteLength: whole.length });
      const input = new Uint8Array(resizable);
      input.set(whole);
      const running = call(input).catch((error) => error);
      await turn();
      resizable.resize(10);
      const result = await running;
      if (!(result instanceof EnvelopeError)) return assert.ok(isWhole(name, result));
      assert.match(result.code, /INVALID_ARGUMENT|TRUNCATED_MESSAGE/);
    });

    it(`${name}: in shared memory, is refused`, async () => {
      const input = new Uint8Array(new SharedArrayBuffer(1000));
      await rejection(
        Promise.resolve().then(() => call(input)),
        'INVALID_ARGUMENT',
      );
    });
  }

  it('encrypt and decrypt: an `into` that is transferred ends the call with an error', async () => {
    for (const name of ['encrypt', 'decrypt']) {
      const input = inputOf(name);
      const into = new Uint8Array(6 * MIB);
      const running = envelope[name](input, { into });
      await turn();
      structuredClone(into.buffer, { transfer: [into.buffer] });
      await rejection(running, 'INVALID_ARGUMENT');
    }
  });
});

describe('a garbage collection at every turn', () => {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');

  for (const [name, call] of Object.entries(CALLS)) {
    it(`${name}: frees no buffer that is still needed`, async () => {
      let timer;
      const again = () => {
        collect();
        timer = setImmediate(again);
      };
      again();
      // Nothing of ours refers to the inputs, nor to what other calls gave.
      for (let i = 0; i < 3; i++) await call(inputOf(name)).catch(() => {});
      const results = await Promise.all([1, 2].map(() => call(inputOf(name))));
      clearImmediate(timer);
      for (const result of results) assert.ok(isWhole(name, result));
    });
  }
});

describe('a thousand streams at once', () => {
  it('each give back their own plaintext', async () => {
    const all = Array.from({ length: 1000 }, async (_, i) => {
      const data = Buffer.alloc(1000 + 131 * i, i);
      const { output } = await through(envelope.encryptStream(), [data]);
      const opened = await through(envelope.decryptStream(), [
        output.subarray(0, 900),
        output.subarray(900),
      ]);
      assert.ifError(opened.error);
      return opened.output.equals(data);
    });
    assert.ok((await Promise.all(all)).every(Boolean));
  });

  it('can all be destroyed midway, and later calls work', async () => {
    const all = Array.from({ length: 1000 }, async (_, i) => {
      const stream = i % 2 === 0 ? envelope.encryptStream() : envelope.decryptStream();
      stream.on('error', () => {});
      stream.write(i % 2 === 0 ? plaintext.subarray(0, 100_000) : message.subarray(0, 100_000));
      await turn();
      stream.destroy();
    });
    await Promise.all(all);
    assert.equal(String(await envelope.decrypt(await envelope.encrypt('after'))), 'after');
  });

  it('can all fail, and none releases a changed frame', async () => {
    const changed = flip(message, 'frame 1 content');
    const all = Array.from({ length: 200 }, () =>
      ended(through(envelope.decryptStream(), [changed]), 'AUTHENTICATION_FAILED'),
    );
    for (const { output } of await Promise.all(all)) assert.equal(output.length, 0);
  });
});

async function piped(stream, input) {
  const { output, error } = await through(stream, [input]);
  if (error) throw error;
  return output;
}

/** A copy whose memory is its own. */
function fresh(bytes) {
  const copy = Buffer.from(new ArrayBuffer(bytes.length));
  bytes.copy(copy);
  return copy;
}

function isWhole(name, result) {
  const output = result.plaintext ?? result;
  if (name.startsWith('decrypt')) return plaintext.equals(output);
  return plaintext.equals(other.decryptSync(output));
}

function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}
