'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');
const { markAsUntransferable } = require('node:worker_threads');

const { CustomKeyring, Envelope, OutputPool, RawAesKeyring } = require('../..');
const { flip } = require('../support/edits');
const { rejection, thrown } = require('../support/rejects');

const MIB = 1024 * 1024;
const keyring = new RawAesKeyring({
  keyNamespace: 'tests',
  keyName: 'key',
  wrappingKey: crypto.randomBytes(32),
});
const envelope = new Envelope({ keyring });
const signing = new Envelope({ keyring, algorithmSuite: 0x0578 });
const data = crypto.randomBytes(5 * MIB);
const message = envelope.encryptSync(data);

/** Calls that take `into`, with what they give back. */
const CALLS = {
  encrypt: async (options) => envelope.decryptSync(await envelope.encrypt(data, options)),
  'encrypt, signed': async (options) => signing.decryptSync(await signing.encrypt(data, options)),
  encryptSync: async (options) => envelope.decryptSync(envelope.encryptSync(data, options)),
  decrypt: (options) => envelope.decrypt(message, options),
  decryptSync: async (options) => envelope.decryptSync(message, options),
  decryptMessage: async (options) => (await envelope.decryptMessage(message, options)).plaintext,
  reEncrypt: async (options) =>
    signing.decryptSync(await envelope.reEncrypt(message, signing, options)),
};

describe('an output of a pool', () => {
  for (const [name, call] of Object.entries(CALLS)) {
    it(`holds what ${name} gives, in memory of its length and the same again`, async () => {
      const outputs = new OutputPool();
      for (let i = 0; i < 3; i++) {
        const into = outputs.acquire();
        assert.ok((await call({ into })).equals(data));
        assert.equal(outputs.idleBytes, 0);
        into.release();
        const kept = outputs.idleBytes;
        assert.ok(kept >= data.length && kept <= 1.1 * data.length, `${kept} bytes`);
      }
    });
  }

  for (const length of [0, 1, 1000, 64 * 1024, 64 * 1024 + 1]) {
    it(`holds ${length} bytes and no more`, async () => {
      const outputs = new OutputPool();
      const plaintext = crypto.randomBytes(length);
      const [first, second] = [outputs.acquire(), outputs.acquire()];
      const short = await envelope.encrypt(plaintext, { into: first });
      assert.equal(short.length, envelope.encryptSync(plaintext).length);
      assert.ok(envelope.decryptSync(short, { into: second }).equals(plaintext));
    });
  }

  it('leaves every view of it empty when it is released, at once or by the end of a block', async () => {
    const outputs = new OutputPool();
    for (const release of ['release', Symbol.dispose ?? Symbol.for('Symbol.dispose')]) {
      const output = outputs.acquire();
      const plaintext = await envelope.decrypt(message, { into: output });
      const view = new Uint8Array(plaintext.buffer, 10, 100);
      output[release]();
      assert.deepEqual([plaintext.length, view.length, plaintext.buffer.byteLength], [0, 0, 0]);
    }
  });

  it('is used by one call alone, and not after it was released', async () => {
    const outputs = new OutputPool();
    const output = outputs.acquire();
    const kept = await envelope.encrypt(data, { into: output });
    const again = await rejection(envelope.encrypt('x', { into: output }), 'INVALID_ARGUMENT');
    assert.match(again.message, /used by another call; acquire one for each call/);
    thrown(() => envelope.decryptSync(message, { into: output }), 'INVALID_ARGUMENT');
    assert.ok(envelope.decryptSync(kept).equals(data), 'the first result is unharmed');
    output.release();
    const late = await rejection(envelope.encrypt('x', { into: output }), 'INVALID_ARGUMENT');
    assert.match(late.message, /was released; acquire one for each call/);
  });

  it('that cannot be used is refused before a key service is asked', async () => {
    let calls = 0;
    const asking = new Envelope({ keyring: custom(() => calls++) });
    const output = new OutputPool().acquire();
    await asking.encrypt(data, { into: output });
    await rejection(asking.encrypt(data, { into: output }), 'INVALID_ARGUMENT');
    output.release();
    await rejection(asking.encrypt(data, { into: output }), 'INVALID_ARGUMENT');
    assert.equal(calls, 1);
  });

  it('is given to one of two calls at the same time', async () => {
    const output = new OutputPool().acquire();
    const waiting = new Envelope({ keyring: custom() });
    const both = await Promise.allSettled([
      waiting.encrypt(data, { into: output }),
      waiting.encrypt(data, { into: output }),
    ]);
    // Whichever has its key first.
    const winner = both.find(({ status }) => status === 'fulfilled');
    const loser = both.find(({ status }) => status === 'rejected');
    assert.ok((await waiting.decrypt(winner.value)).equals(data));
    assert.equal(loser.reason.code, 'ERR_ENVELOPE_INVALID_ARGUMENT');
  });

  it('may be released twice, and before any use', () => {
    const outputs = new OutputPool();
    const output = outputs.acquire();
    output.release();
    assert.equal(outputs.idleBytes, 0);
    const used = outputs.acquire();
    envelope.encryptSync(data, { into: used });
    used.release();
    const kept = outputs.idleBytes;
    used.release();
    assert.equal(outputs.idleBytes, kept);
  });

  for (const [name, start] of Object.entries({
    encrypt: (into) => envelope.encrypt(data, { into }),
    decrypt: (into) => envelope.decrypt(message, { into }),
  })) {
    it(`ends a running ${name} when it is released, whose memory another call may have at once`, async () => {
      const outputs = new OutputPool();
      const output = outputs.acquire();
      const running = start(output).catch((error) => error);
      await turn();
      output.release();
      assert.ok(outputs.idleBytes > 0);
      const other = outputs.acquire();
      const result = await envelope.decrypt(message, { into: other });
      assert.equal(outputs.idleBytes, 0, 'it has the memory of the call that was ended');
      const { code, message: said } = await running;
      assert.equal(code, 'ERR_ENVELOPE_INVALID_ARGUMENT');
      assert.match(said, /was released; .*release it after the call has ended/);
      assert.ok(result.equals(data));
    });
  }

  it('ends a call that waits for its key when it is released', async () => {
    const outputs = new OutputPool();
    const output = outputs.acquire();
    const running = new Envelope({ keyring: custom() }).encrypt(data, { into: output });
    output.release();
    await rejection(running, 'INVALID_ARGUMENT');
    assert.equal(outputs.idleBytes, 0);
  });

  it('gives its memory back after a call that failed, which left no plaintext there', async () => {
    const outputs = new OutputPool({ wipe: false });
    const filler = outputs.acquire();
    envelope.encryptSync(data, { into: filler });
    const seen = [];
    for (const call of ['decrypt', 'decryptSync']) {
      const output = outputs.acquire();
      const failed = (async () => envelope[call](flip(message, 'final tag'), { into: output }))();
      await rejection(failed, 'AUTHENTICATION_FAILED');
      output.release();
      const next = outputs.acquire();
      const { buffer } = envelope.encryptSync('x'.repeat(3 * MIB), { into: next });
      seen.push(Buffer.from(buffer).includes(data.subarray(-2 * MIB, -2 * MIB + 32)));
      next.release();
    }
    assert.deepEqual(seen, [false, false]);
  });

  it('gives nothing back that was transferred, or that cannot be moved', async () => {
    const outputs = new OutputPool();
    const output = outputs.acquire();
    const { buffer } = await envelope.decrypt(message, { into: output });
    const elsewhere = structuredClone(buffer, { transfer: [buffer] });
    output.release();
    assert.equal(outputs.idleBytes, 0);
    assert.ok(Buffer.from(elsewhere, 0, data.length).equals(data));
    const fixed = outputs.acquire();
    const kept = await envelope.encrypt(data, { into: fixed });
    markAsUntransferable(kept.buffer);
    fixed.release();
    assert.equal(kept.length === 0, outputs.idleBytes > 0, 'what is still seen is not used again');
  });

  it('is made by a pool alone, and does not go to another thread', async () => {
    const output = new OutputPool().acquire();
    thrown(() => new output.constructor(), 'INVALID_ARGUMENT');
    for (const into of [structuredClone(output), new OutputPool(), Object.create(output)]) {
      const error = await rejection(envelope.encrypt('x', { into }), 'INVALID_ARGUMENT');
      assert.match(error.message, /^into .*Uint8Array or PooledOutput/);
    }
  });
});

describe('a pool of outputs', () => {
  it('overwrites plaintext that it gets back, and what was longer before stays hidden', () => {
    const seen = { true: undefined, false: undefined };
    for (const wipe of [true, false]) {
      const outputs = new OutputPool({ wipe });
      const output = outputs.acquire();
      envelope.decryptSync(message, { into: output });
      output.release();
      const shorter = outputs.acquire();
      const result = envelope.encryptSync(data.subarray(0, 3 * MIB), { into: shorter });
      assert.ok(result.length < 4 * MIB, 'the result ends where its bytes do');
      seen[wipe] = Buffer.from(result.buffer).includes(data.subarray(-32));
    }
    assert.deepEqual(seen, { true: false, false: true });
  });

  it('does not overwrite messages', () => {
    const outputs = new OutputPool();
    const output = outputs.acquire();
    const end = Buffer.from(envelope.encryptSync(data, { into: output }).subarray(-32));
    output.release();
    const shorter = outputs.acquire();
    const { buffer } = envelope.encryptSync(data.subarray(0, 3 * MIB), { into: shorter });
    assert.ok(Buffer.from(buffer).includes(end));
  });

  it('keeps memory for outputs that are nearly as long, and gives a short one no long memory', () => {
    const outputs = new OutputPool();
    use(outputs, 5 * MIB);
    const { idleBytes } = outputs;
    for (const length of [5 * MIB + 100, 4 * MIB, 3 * MIB]) use(outputs, length);
    assert.equal(outputs.idleBytes, idleBytes, 'the same memory each time');
    use(outputs, MIB);
    assert.ok(outputs.idleBytes > idleBytes + MIB - 1);
  });

  it('keeps at most maxBytes, and what was used last', () => {
    const outputs = new OutputPool({ maxBytes: 7 * MIB });
    use(outputs, 2 * MIB);
    use(outputs, 5.5 * MIB);
    assert.ok(outputs.idleBytes > 5.5 * MIB && outputs.idleBytes < 7 * MIB);
    use(outputs, 8 * MIB);
    assert.ok(outputs.idleBytes > 5.5 * MIB, 'what is too long drives nothing out');
    const none = new OutputPool({ maxBytes: 0 });
    use(none, MIB);
    assert.equal(none.idleBytes, 0);
  });

  it('lets go of what nobody uses by clear', async () => {
    const outputs = new OutputPool();
    const output = outputs.acquire();
    const result = await envelope.encrypt(data, { into: output });
    use(outputs, 5 * MIB);
    const before = process.memoryUsage().arrayBuffers;
    outputs.clear();
    assert.equal(outputs.idleBytes, 0);
    if (ArrayBuffer.prototype.transfer) {
      const freed = before - process.memoryUsage().arrayBuffers;
      assert.ok(freed >= 5 * MIB, `${freed} bytes`);
    }
    assert.ok(envelope.decryptSync(result).equals(data), 'what is in use stays');
    output.release();
    assert.ok(outputs.idleBytes > 0);
  });

  it('refuses wrong options', () => {
    for (const options of [{ maxBytes: -1 }, { maxBytes: 0.5 }, { wipe: 'no' }, { size: 1 }, 5]) {
      thrown(() => new OutputPool(options), 'INVALID_ARGUMENT');
    }
  });
});

/** Encrypts so many bytes in memory of a pool, and gives it back. */
function use(outputs, length) {
  const output = outputs.acquire();
  envelope.encryptSync(Buffer.alloc(length), { into: output });
  output.release();
}

/** A keyring that answers later. */
function custom(onWrap = () => {}) {
  return new CustomKeyring({
    providerId: 'mine',
    async wrapDataKey({ dataKey }) {
      onWrap();
      return { ciphertext: Buffer.from(dataKey), keyName: 'n' };
    },
    unwrapDataKey: async ({ ciphertext }) => Buffer.from(ciphertext),
  });
}

function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}
