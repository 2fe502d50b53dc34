'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const path = require('node:path');
const { describe, it } = require('node:test');

const { Envelope, LocalKeyring, inspect } = require('../..');
const { flip, truncate } = require('../support/edits');
const { temporaryFolder } = require('../support/files');
const { rawAes } = require('../support/raw-aes');
const { rejection, thrown } = require('../support/rejects');
const { cut, ended, failure, randomly, through } = require('../support/streams');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const MIB = 1024 * 1024;
const FRAME = 64 * 1024;

const from = new Envelope({ keyring: rawAes('old'), frameLength: 1000 });
const to = new Envelope({ keyring: rawAes('new') });

/** Both forms of it, as a function of a message, the target and the options. */
const FORMS = {
  reEncrypt: (message, target, options) => from.reEncrypt(message, target, options),
  reEncryptStream: async (message, target, options) => {
    const stream = from.reEncryptStream(target, options);
    const { output, error } = await through(stream, cut(message, 3 * MIB));
    if (error) throw error;
    return output;
  },
};

for (const [form, reEncrypt] of Object.entries(FORMS)) {
  describe(form, () => {
    for (const size of [0, 1, 999, 1000, 1001, FRAME, MIB - 1, MIB, 8 * MIB + 3]) {
      it(`${size} bytes get another frame length, and decrypt to what they were`, async () => {
        const plaintext = crypto.randomBytes(size);
        const message = await from.encrypt(plaintext);
        const other = await reEncrypt(message, to);
        assert.ok((await to.decrypt(other)).equals(plaintext));
        assert.equal(other.length, to.encryptSync(plaintext).length);
        assert.equal(inspect(other).frameLength, FRAME);
        await rejection(from.decrypt(other), 'NO_USABLE_KEY');
      });
    }

    it('a message can get shorter frames under the same key', async () => {
      const plaintext = crypto.randomBytes(100_000);
      const message = await from.encrypt(plaintext);
      const short = new Envelope({ keyring: rawAes('short'), frameLength: 7 });
      assert.ok((await short.decrypt(await reEncrypt(message, short))).equals(plaintext));
      assert.ok((await from.decrypt(await reEncrypt(message, from))).equals(plaintext));
    });

    it('the new message has an id and a data key of its own', async () => {
      const message = await from.encrypt('x');
      const others = [await reEncrypt(message, from), await reEncrypt(message, from)];
      const headers = [message, ...others].map((bytes) => inspect(bytes));
      const unique = (values) => new Set(values.map((value) => value.toString('hex'))).size;
      assert.equal(unique(headers.map(({ messageId }) => messageId)), 3);
      assert.equal(unique(headers.map((header) => header.encryptedDataKeys[0].ciphertext)), 3);
    });

    it('the encryption context is kept, or replaced', async () => {
      const encryptionContext = { tenant: 'acme', ['__proto__']: 'x', '\u{1f600}': '\uff5e' };
      const message = await from.encrypt('x', { encryptionContext });
      const contextOf = async (options) => {
        const { header } = await to.decryptMessage(await reEncrypt(message, to, options));
        return header.encryptionContext;
      };
      assert.deepEqual(await contextOf(), encryptionContext);
      const expected = { encryptionContext: { tenant: 'acme' } };
      assert.deepEqual(await contextOf(expected), encryptionContext);
      const newEncryptionContext = { tenant: 'other' };
      assert.deepEqual(await contextOf({ newEncryptionContext }), newEncryptionContext);
      assert.deepEqual(await contextOf({ newEncryptionContext: {} }), {});
      for (const wrong of [{ tenant: 'other' }, { user: '1' }]) {
        const options = { encryptionContext: wrong, newEncryptionContext };
        await rejection(reEncrypt(message, to, options), 'CONTEXT_MISMATCH');
      }
    });

    it('a message can be re-encrypted to a local key', async () => {
      const keyring = LocalKeyring.generate(path.join(temporaryFolder(), 'dev.key'));
      const local = new Envelope({ keyring });
      const other = await reEncrypt(await from.encrypt('x'), local);
      assert.equal(local.decryptSync(other).toString(), 'x');
    });

    it('a message under another key is refused: no usable key', async () => {
      await rejection(reEncrypt(await to.encrypt('x'), to), 'NO_USABLE_KEY');
    });

    it('a message that is cut off anywhere, or followed by more bytes, is refused', async () => {
      const message = from.encryptSync(crypto.randomBytes(2500));
      for (let length = 0; length < message.length; length += length < 300 ? 1 : 13) {
        await rejection(reEncrypt(message.subarray(0, length), to), 'TRUNCATED_MESSAGE');
      }
      await rejection(
        reEncrypt(truncate(message, { before: 'last byte' }), to),
        'TRUNCATED_MESSAGE',
      );
      const longer = Buffer.concat([message, Buffer.alloc(1)]);
      await rejection(reEncrypt(longer, to), 'MALFORMED_MESSAGE');
    });

    it('a message that is changed anywhere is refused with the error of decrypt', async () => {
      const message = from.encryptSync(crypto.randomBytes(1500));
      for (let at = 0; at < message.length; at += at < 300 ? 1 : 13) {
        const changed = Buffer.from(message);
        changed[at] ^= 1 << (at % 8);
        const { code } = await failure(from.decrypt(changed));
        await rejection(reEncrypt(changed, to), code.replace('ERR_ENVELOPE_', ''));
      }
    });

    it('a signal ends the re-encryption', async () => {
      const aborted = { signal: AbortSignal.abort() };
      const small = await rejection(reEncrypt(await from.encrypt('x'), to, aborted), 'ABORTED');
      assert.equal(small.name, 'AbortError');
      const controller = new AbortController();
      const message = await from.encrypt(Buffer.alloc(32 * MIB));
      const large = reEncrypt(message, to, { signal: controller.signal });
      setImmediate(() => controller.abort());
      await rejection(large, 'ABORTED');
    });

    it('wrong arguments are refused', async () => {
      const message = from.encryptSync('x');
      const refused = (...args) => {
        const running = (async () => reEncrypt(...args))();
        return rejection(running, 'INVALID_ARGUMENT');
      };
      for (const wrong of [undefined, null, 5, 'local:x', {}, Envelope, rawAes('x')]) {
        await refused(message, wrong);
      }
      for (const wrong of [null, 'x', 5, [], { context: {} }, { signal: {} }]) {
        await refused(message, to, wrong);
      }
      for (const wrong of [null, [], 'x', { a: 1 }, { 'aws-crypto-x': 'y' }]) {
        await refused(message, to, { newEncryptionContext: wrong });
        await refused(message, to, { encryptionContext: wrong });
      }
    });
  });
}

describe('reEncrypt in memory', () => {
  it('takes every kind of bytes', async () => {
    const message = new Uint8Array(from.encryptSync('x'));
    for (const input of [message, message.buffer, new DataView(message.buffer)]) {
      assert.equal((await to.decrypt(await from.reEncrypt(input, to))).toString(), 'x');
    }
    for (const wrong of [undefined, null, 5, {}, new Uint8Array(new SharedArrayBuffer(8))]) {
      await rejection(from.reEncrypt(wrong, to), 'INVALID_ARGUMENT');
    }
  });

  it('into is where the output goes', async () => {
    for (const size of [10, 3 * MIB]) {
      const plaintext = crypto.randomBytes(size);
      const message = from.encryptSync(plaintext);
      const room = Buffer.alloc(2 * message.length + 1000, 0xaa);
      const other = await from.reEncrypt(message, to, { into: room.subarray(5) });
      assert.equal(other.buffer, room.buffer);
      assert.equal(room[4], 0xaa);
      assert.equal(room[5 + other.length], 0xaa);
      assert.ok((await to.decrypt(other)).equals(plaintext));
      const exact = new Uint8Array(other.length);
      assert.equal((await from.reEncrypt(message, to, { into: exact })).buffer, exact.buffer);
      const tooShort = from.reEncrypt(message, to, { into: exact.subarray(1) });
      assert.match((await rejection(tooShort, 'INVALID_ARGUMENT')).message, /needs \d+/);
      message.copy(room, 1);
      const over = from.reEncrypt(room.subarray(1, 1 + message.length), to, { into: room });
      await rejection(over, 'INVALID_ARGUMENT');
      for (const into of ['x', {}, new Uint8Array(new SharedArrayBuffer(room.length))]) {
        await rejection(from.reEncrypt(message, to, { into }), 'INVALID_ARGUMENT');
      }
    }
  });

  it('into holds nothing usable of a message that fails', async () => {
    for (const size of [2500, 3 * MIB]) {
      const message = flip(from.encryptSync(Buffer.alloc(size, 0x55)), 'final tag');
      const into = Buffer.alloc(2 * message.length, 0xaa);
      await rejection(from.reEncrypt(message, to, { into }), 'AUTHENTICATION_FAILED');
      assert.ok(!into.includes('UUUUUUUU'), 'no plaintext');
      assert.notEqual(await failure(to.decrypt(into)), undefined);
    }
  });

  it('a large message does not hold up the event loop', async () => {
    const message = await from.encrypt(Buffer.alloc(64 * MIB));
    let turns = 0;
    const count = () => {
      turns++;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    await from.reEncrypt(message, to);
    clearImmediate(timer);
    assert.ok(turns >= 7, `${turns} turns`);
  });

  it('a message whose buffer goes away meanwhile ends it with an error', async () => {
    const message = new Uint8Array(from.encryptSync(Buffer.alloc(8 * MIB)));
    const running = from.reEncrypt(message, to);
    structuredClone(message.buffer, { transfer: [message.buffer] });
    await rejection(running, 'INVALID_ARGUMENT');
  });
});

describe('reEncryptStream', () => {
  it('takes any chunks', async () => {
    const plaintext = crypto.randomBytes(50_001);
    const message = from.encryptSync(plaintext);
    for (const chunks of [1, randomly(1, 3000), message.length]) {
      const { output, error } = await through(from.reEncryptStream(to), cut(message, chunks));
      assert.ifError(error);
      assert.ok(to.decryptSync(output).equals(plaintext));
    }
  });

  it('is part of a chain', async () => {
    const plaintext = crypto.randomBytes(MIB);
    const encrypted = from.encryptStream();
    encrypted.end(plaintext);
    const chain = encrypted.pipe(from.reEncryptStream(to)).pipe(to.decryptStream());
    assert.ok(Buffer.concat(await chain.toArray()).equals(plaintext));
  });

  it('what it releases of a message that fails cannot be decrypted', async () => {
    const message = await from.encrypt(crypto.randomBytes(2 * MIB));
    for (const [input, code] of [
      [truncate(message, { before: 'last byte' }), 'TRUNCATED_MESSAGE'],
      [flip(message, 'final tag'), 'AUTHENTICATION_FAILED'],
    ]) {
      const running = through(from.reEncryptStream(to), cut(input, FRAME));
      const { output } = await ended(running, code);
      assert.ok(output.length > MIB);
      await rejection(to.decrypt(output), 'TRUNCATED_MESSAGE');
    }
    await ended(through(from.reEncryptStream(to), []), 'TRUNCATED_MESSAGE');
  });

  it('refuses wrong arguments at once', () => {
    for (const wrong of [undefined, null, {}, 'local:x']) {
      thrown(() => from.reEncryptStream(wrong), 'INVALID_ARGUMENT');
    }
    for (const options of [
      null,
      { into: Buffer.alloc(9) },
      { plaintextLength: 5 },
      { encryptionContext: { a: 1 } },
      { newEncryptionContext: { a: 1 } },
    ]) {
      thrown(() => from.reEncryptStream(to, options), 'INVALID_ARGUMENT');
    }
  });
});
