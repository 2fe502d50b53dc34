'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const path = require('node:path');
const { describe, it } = require('node:test');

const api = require('../..');
const { flip } = require('../support/edits');
const { temporaryFolder } = require('../support/files');
const { rawAes } = require('../support/raw-aes');
const { rejection, thrown } = require('../support/rejects');

const { Envelope, LocalKeyring, decrypt, encrypt, generateDataKey, inspect } = api;

const keyring = rawAes();
const envelope = new Envelope({ keyring });
const MIB = 1024 * 1024;

describe('encrypt and decrypt', () => {
  for (const length of [0, 1, 65_535, 65_536, 65_537, MIB, MIB + 1, 5 * MIB + 3]) {
    it(`a round trip of ${length} bytes, both ways`, async () => {
      const data = crypto.randomBytes(length);
      const message = await envelope.encrypt(data);
      assert.deepEqual(await envelope.decrypt(message), data);
      assert.deepEqual(envelope.decryptSync(message), data);
      const other = envelope.encryptSync(data);
      assert.equal(other.length, message.length);
      assert.ok(!other.equals(message), 'every message has its own data key');
      assert.deepEqual(await envelope.decrypt(other), data);
    });
  }

  it('takes every kind of bytes', async () => {
    const bytes = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]).subarray(2, 6);
    const inputs = {
      Buffer: Buffer.from([2, 3, 4, 5]),
      'Uint8Array of a part': bytes,
      Uint16Array: new Uint16Array(Uint8Array.from(bytes).buffer),
      'DataView of a part': new DataView(bytes.buffer, 2, 4),
      ArrayBuffer: Uint8Array.from(bytes).buffer,
      string: '\u0002\u0003\u0004\u0005',
    };
    for (const [kind, input] of Object.entries(inputs)) {
      const plaintext = await envelope.decrypt(await envelope.encrypt(input));
      assert.deepEqual([...plaintext], [2, 3, 4, 5], kind);
      assert.ok(Buffer.isBuffer(plaintext));
    }
    const message = await envelope.encrypt('grüße');
    const copy = message.buffer.slice(message.byteOffset, message.byteOffset + message.length);
    assert.equal((await envelope.decrypt(copy)).toString(), 'grüße');
  });

  it('give each of many calls at once its own result', async () => {
    const texts = Array.from({ length: 200 }, (_, i) => `text ${i}`);
    const messages = await Promise.all(texts.map((text) => envelope.encrypt(text)));
    const back = await Promise.all(messages.map((message) => envelope.decrypt(message)));
    assert.deepEqual(back.map(String), texts);
  });

  it('resolves without a turn of the event loop if no key service is called', async () => {
    let turned = false;
    setImmediate(() => (turned = true));
    await envelope.decrypt(await envelope.encrypt('small'));
    assert.equal(turned, false);
  });

  it('names the first of several frames that were changed', async () => {
    const whole = await envelope.encrypt(Buffer.alloc(5 * MIB, 1));
    const message = flip(whole, 'frame 70 content', 'frame 7 content');
    for (const failed of [
      await rejection(envelope.decrypt(message), 'AUTHENTICATION_FAILED'),
      thrown(() => envelope.decryptSync(message), 'AUTHENTICATION_FAILED'),
    ]) {
      assert.match(failed.message, /^frame 7 does not verify/);
    }
  });

  it('lets the event loop turn during large work', async () => {
    const large = Buffer.alloc(64 * MIB);
    let turns = 0;
    const count = () => {
      turns++;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const message = await envelope.encrypt(large);
    assert.ok(turns >= 7, `${turns} turns`);
    await envelope.decrypt(message);
    clearImmediate(next);
    assert.ok(turns >= 14, `${turns} turns`);
  });
});

describe('the encryption context', () => {
  const encryptionContext = {
    tenant: 'acme',
    '\u{1f600}': '\uff5e',
    empty: '',
    ['__proto__']: 'a key like any other',
  };

  it('stands in the header, and is checked against what is given', async () => {
    const message = await envelope.encrypt('x', { encryptionContext });
    assert.deepEqual(inspect(message).encryptionContext, encryptionContext);
    const { plaintext, header } = await envelope.decryptMessage(message, { encryptionContext });
    assert.equal(plaintext.toString(), 'x');
    assert.deepEqual(header, inspect(message));
    await envelope.decrypt(message, { encryptionContext: { tenant: 'acme' } });
    for (const wrong of [{ tenant: 'other' }, { user: '1' }]) {
      await rejection(envelope.decrypt(message, { encryptionContext: wrong }), 'CONTEXT_MISMATCH');
    }
  });

  it('is refused if it is no plain object of well-formed strings, too long or reserved', async () => {
    const cases = [null, [], 'a', { a: 1 }, { a: undefined }, { a: '\ud800' }, { '\udc00': 'a' }];
    const longest = { a: 'x'.repeat(65_536) };
    // Objects without own pairs, which would be taken for an empty context.
    const kinds = [
      new Map([['a', 'b']]),
      new URLSearchParams('a=b'),
      Promise.resolve({}),
      () => {},
    ];
    const message = envelope.encryptSync('x');
    for (const wrong of [...cases, ...kinds, longest, { 'aws-crypto-x': 'y' }]) {
      await rejection(envelope.encrypt('x', { encryptionContext: wrong }), 'INVALID_ARGUMENT');
      await rejection(envelope.decrypt(message, { encryptionContext: wrong }), 'INVALID_ARGUMENT');
    }
  });
});

describe('arguments', () => {
  it('of the wrong kind are refused with our error', async () => {
    for (const data of [undefined, null, 5, {}, [1], Symbol('x'), () => {}]) {
      await rejection(envelope.encrypt(data), 'INVALID_ARGUMENT');
      await rejection(envelope.decrypt(data), 'INVALID_ARGUMENT');
      thrown(() => envelope.encryptSync(data), 'INVALID_ARGUMENT');
      thrown(() => inspect(data), 'INVALID_ARGUMENT');
    }
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    await rejection(envelope.encrypt(shared), 'INVALID_ARGUMENT');
  });

  it('are never shown in an error', async () => {
    const error = await rejection(envelope.encrypt({ secret: 'hunter2' }), 'INVALID_ARGUMENT');
    assert.doesNotMatch(JSON.stringify(error) + error.stack, /hunter2/);
  });

  it('with an unknown option are refused, and the error lists the options', async () => {
    const error = await rejection(envelope.encrypt('x', { context: {} }), 'INVALID_ARGUMENT');
    assert.match(error.message, /encryptionContext/);
    for (const options of [null, 'x', 5, []]) {
      await rejection(envelope.encrypt('x', options), 'INVALID_ARGUMENT');
    }
  });

  it('of the constructor are checked', () => {
    const wrong = [undefined, null, 5, '', 'a b', {}, { keyring: {} }, { keyring, frames: 1 }];
    for (const frameLength of [0, -1, 1.5, 2 ** 32, '1', NaN]) wrong.push({ keyring, frameLength });
    for (const max of [0, 65_536, '1']) wrong.push({ keyring, maxEncryptedDataKeys: max });
    for (const key of wrong) thrown(() => new Envelope(key), 'INVALID_ARGUMENT');
    const short = new Envelope({ keyring, frameLength: 10 });
    const message = short.encryptSync('twenty-five bytes of text');
    assert.equal(inspect(message).frameLength, 10);
    assert.equal(envelope.decryptSync(message).toString(), 'twenty-five bytes of text');
  });
});

describe('an AbortSignal', () => {
  it('that has fired stops a call before it starts, and one that fires stops it midway', async () => {
    const reason = new Error('enough');
    const aborted = await rejection(
      envelope.encrypt('x', { signal: AbortSignal.abort(reason) }),
      'ABORTED',
    );
    assert.equal(aborted.name, 'AbortError');
    assert.equal(aborted.cause, reason);
    const controller = new AbortController();
    const large = envelope.encrypt(Buffer.alloc(64 * MIB), { signal: controller.signal });
    setImmediate(() => controller.abort());
    await rejection(large, 'ABORTED');
    await rejection(envelope.encrypt('x', { signal: {} }), 'INVALID_ARGUMENT');
  });
});

describe('a buffer that is detached during a call', () => {
  it('ends the call with an error', async () => {
    const data = new Uint8Array(8 * MIB);
    const encrypting = envelope.encrypt(data);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    await rejection(encrypting, 'INVALID_ARGUMENT');
    const message = new Uint8Array(envelope.encryptSync(Buffer.alloc(8 * MIB)));
    const decrypting = envelope.decrypt(message);
    structuredClone(message.buffer, { transfer: [message.buffer] });
    await rejection(decrypting, 'INVALID_ARGUMENT');
  });
});

describe('the module functions', () => {
  it('use the key of the option or of ENCRYPTION_KEY_ID', async () => {
    const file = path.join(temporaryFolder(), 'dev.key');
    LocalKeyring.generate(file);
    delete process.env.ENCRYPTION_KEY_ID;
    const unnamed = await rejection(encrypt('x'), 'INVALID_ARGUMENT');
    assert.match(unnamed.message, /ENCRYPTION_KEY_ID/);
    const message = await encrypt('x', { keyId: `local:${file}`, encryptionContext: { a: 'b' } });
    process.env.ENCRYPTION_KEY_ID = `local:${file}`;
    assert.equal((await decrypt(message, { encryptionContext: { a: 'b' } })).toString(), 'x');
    assert.equal((await generateDataKey()).plaintext.length, 32);
    await rejection(encrypt('x', null), 'INVALID_ARGUMENT');
    await rejection(encrypt('x', { keyId: 5 }), 'INVALID_ARGUMENT');
  });
});
