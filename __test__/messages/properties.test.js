'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');
const fc = require('fast-check');

const { Envelope, EnvelopeError, MultiKeyring, RawAesKeyring, inspect } = require('../..');
const { rawAes } = require('../support/raw-aes');
const { cut, through } = require('../support/streams');

const keyring = rawAes();
const envelope = new Envelope({ keyring });
const message = envelope.encryptSync(crypto.randomBytes(1000), { encryptionContext: { a: 'b' } });

// Any well-formed strings, also beyond the Basic Multilingual Plane, and names of Object's own.
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const name = fc
  .oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', '\u{1f600}', '\uff5e'))
  .filter((key) => !key.startsWith('aws-crypto-'));
const contexts = fc
  .array(fc.tuple(name, fc.oneof(text, fc.constant(''))), { maxLength: 6 })
  .map((pairs) => Object.fromEntries(pairs));
/** The type of an input; of views, the buffer holds more bytes before and after. */
const viewKind = fc.constantFrom('Buffer', 'Uint8Array', 'DataView', 'ArrayBuffer', 'Int8Array');
const bytes = fc.uint8Array({ maxLength: 3000 });
const frameLength = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(65_536));
const suite = fc.constantFrom(0x0478, 0x0578);

describe('any plaintext', () => {
  it('comes back, in any type of bytes, under any context and frame length', () =>
    check(
      bytes,
      viewKind,
      contexts,
      frameLength,
      suite,
      async (data, kind, context, length, id) => {
        const writer = new Envelope({ keyring, frameLength: length, algorithmSuite: id });
        const sealed = await writer.encrypt(view(data, kind), { encryptionContext: context });
        const opened = await envelope.decryptMessage(view(sealed, kind), {
          encryptionContext: context,
        });
        assert.ok(opened.plaintext.equals(data));
        const { 'aws-crypto-public-key': _, ...rest } = opened.header.encryptionContext;
        assert.deepEqual(Object.entries(rest).sort(), Object.entries(context).sort());
        assert.ok(envelope.decryptSync(sealed).equals(data));
      },
    ));

  it('comes back through streams, whatever their chunks', () =>
    check(bytes, frameLength, fc.integer({ min: 1, max: 500 }), async (data, length, piece) => {
      const writer = new Envelope({ keyring, frameLength: length });
      const sealed = await through(writer.encryptStream(), cut(Buffer.from(data), piece));
      const opened = await through(envelope.decryptStream(), cut(sealed.output, piece));
      assert.ifError(opened.error);
      assert.ok(opened.output.equals(data));
    }));

  it('comes back by any range', () =>
    check(bytes, frameLength, fc.nat(3000), fc.nat(3000), async (data, length, a, b) => {
      const writer = new Envelope({ keyring, frameLength: length });
      const [start, end] = [Math.min(a, b, data.length), Math.max(a, b)];
      const part = await envelope.decryptRange(writer.encryptSync(data), { start, end });
      assert.ok(part.equals(data.subarray(start, end)));
    }));

  it('is not decrypted if the message lacks a pair of the expected context', () =>
    check(contexts, name, text, async (context, key, value) => {
      fc.pre(context[key] !== value || !Object.hasOwn(context, key));
      const sealed = envelope.encryptSync('x', { encryptionContext: context });
      const encryptionContext = Object.fromEntries([...Object.entries(context), [key, value]]);
      await assert.rejects(envelope.decrypt(sealed, { encryptionContext }), {
        code: 'ERR_ENVELOPE_CONTEXT_MISMATCH',
      });
    }));
});

describe('wrong input', () => {
  it('a changed message is refused with an EnvelopeError by every reader', () =>
    check(fc.nat(message.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
      const changed = Buffer.from(message);
      changed[at] ^= bits;
      await refused(() => envelope.decrypt(changed));
      await refused(() => envelope.decryptSync(changed));
      await refused(() => envelope.decryptRange(changed));
      await refused(() => envelope.reEncrypt(changed, envelope));
      const { output, error } = await through(envelope.decryptStream(), [changed]);
      assert.ok(error instanceof EnvelopeError && output.length === 0);
    }));

  it('random bytes are refused with an EnvelopeError, also by inspect and decryptDataKey', () =>
    check(bytes, async (data) => {
      await refused(() => envelope.decrypt(data));
      await refused(() => envelope.decryptDataKey(data));
      await refused(() => inspect(data));
      await refused(() => envelope.openMessage(data));
    }));

  it('arguments of any type work or are refused with an EnvelopeError', () =>
    check(fc.anything(), fc.anything(), async (data, options) => {
      const calls = ['encrypt', 'decrypt', 'encryptSync', 'decryptSync', 'decryptMessage'];
      for (const call of calls) await tolerated(() => envelope[call](data, options));
      for (const call of [
        'encryptStream',
        'decryptStream',
        'encryptWebStream',
        'decryptWebStream',
      ]) {
        await tolerated(() => envelope[call](options));
      }
      await tolerated(() => envelope.reEncrypt(message, data, options));
      await tolerated(() => envelope.generateDataKey(options));
      await tolerated(() => envelope.decryptDataKey(data, options));
      await tolerated(() => new Envelope(options));
      await tolerated(() => new RawAesKeyring(options));
      await tolerated(() => new MultiKeyring(options));
      await tolerated(() => inspect(data));
    }));
});

function view(data, kind) {
  if (kind === 'ArrayBuffer') return Uint8Array.from(data).buffer;
  const room = new Uint8Array(data.length + 20);
  room.set(data, 7);
  if (kind === 'Buffer') return Buffer.from(room.buffer, 7, data.length);
  return new globalThis[kind](room.buffer, 7, data.length);
}

async function check(...args) {
  await fc.assert(fc.asyncProperty(...args), { numRuns: 500 });
}

async function refused(call) {
  const error = await outcome(call);
  assert.ok(error instanceof EnvelopeError, String(error?.stack ?? error));
}

/** Asserts that a call works, or fails with an EnvelopeError. */
async function tolerated(call) {
  const error = await outcome(call);
  assert.ok(error === undefined || error instanceof EnvelopeError, String(error?.stack ?? error));
}

async function outcome(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
}
