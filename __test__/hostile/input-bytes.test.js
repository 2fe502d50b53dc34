'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { after, before, describe, it } = require('node:test');
const vm = require('node:vm');

const { Envelope, Fields, RawAesKeyring, RawRsaKeyring, inspect } = require('../..');
const { MemoryStore } = require('../support/fields');
const { rejection, thrown } = require('../support/rejects');
const { throughWeb, through } = require('../support/streams');

const MIB = 1024 * 1024;
const aes = { keyNamespace: 'tests', keyName: 'key', wrappingKey: crypto.randomBytes(32) };
const keyring = new RawAesKeyring(aes);
const envelope = new Envelope({ keyring });
const sealed = envelope.encryptSync('some plaintext');

let fields;
let column;
before(async () => {
  const store = new MemoryStore();
  fields = await Fields.open({ envelope, store, tenant: 'acme', create: true });
  column = fields.column({ table: 'users', column: 'photo', type: 'bytes' });
});
after(() => fields.close());

/** Every call that takes bytes, as a promise. */
const CALLS = {
  encrypt: (data) => envelope.encrypt(data),
  encryptSync: async (data) => envelope.encryptSync(data),
  decrypt: (data) => envelope.decrypt(data),
  decryptSync: async (data) => envelope.decryptSync(data),
  decryptMessage: (data) => envelope.decryptMessage(data),
  reEncrypt: (data) => envelope.reEncrypt(data, envelope),
  encryptDirect: (data) => envelope.encryptDirect(data),
  decryptDirect: (data) => envelope.decryptDirect(data),
  decryptDataKey: (data) => envelope.decryptDataKey(data),
  rewrapDataKey: (data) => envelope.rewrapDataKey(data, envelope),
  decryptRange: (data) => envelope.decryptRange(data),
  plaintextSize: (data) => envelope.plaintextSize(data),
  inspect: async (data) => inspect(data),
  encryptBatch: async (data) => settled(await envelope.encryptBatch(['x', data])),
  decryptBatch: async (data) => settled(await envelope.decryptBatch([sealed, data])),
  'column.encrypt': async (data) => column.encrypt(data),
  'column.encrypt, row': async (row) => column.encrypt(sealed, { row }),
  'column.encryptMany': async (data) => column.encryptMany([data]),
  'column.decrypt': async (data) => column.decrypt(data),
  'column.decryptMany': async (data) => column.decryptMany([data]),
  'RawAesKeyring, wrappingKey': async (wrappingKey) => new RawAesKeyring({ ...aes, wrappingKey }),
  'RawRsaKeyring, publicKey': async (publicKey) =>
    new RawRsaKeyring({ keyNamespace: 'tests', keyName: 'rsa', publicKey }),
  'encrypt, into': (into) => envelope.encrypt('x', { into }),
  'decryptSync, into': async (into) => envelope.decryptSync(sealed, { into }),
  encryptStream: async (data) => {
    const { error } = await through(envelope.encryptStream(), [data]);
    if (error) throw error;
  },
  encryptWebStream: async (data) => {
    const { error } = await throughWeb(envelope.encryptWebStream(), [data]);
    if (error) throw error;
  },
};

/** Bytes that are gone, although their owner still holds them. */
const GONE = {
  'a detached Uint8Array': () => detached(new Uint8Array(100)),
  'a detached Buffer': () => detached(Buffer.alloc(5 * MIB)),
  'a detached empty array': () => detached(new Uint8Array(new ArrayBuffer(100), 100, 0)),
  'a detached Float64Array': () => detached(new Float64Array(100)),
  'a detached DataView': () => detached(new DataView(new ArrayBuffer(100))),
  'a detached ArrayBuffer': () => detached(new Uint8Array(100)).buffer,
  'a view beyond the end of a shrunk buffer': () => shrunk(10, 50, 50).view,
  'a DataView beyond it': () => new DataView(shrunk(100, 50, 50).buffer, 50, 50),
};

describe('bytes that are gone', () => {
  for (const [what, make] of Object.entries(GONE)) {
    for (const [name, call] of Object.entries(CALLS)) {
      it(`${what}, given to ${name}: an error, and not an empty result`, async () => {
        const data = make();
        // This one is whole until it is shrunk.
        if (data instanceof DataView && data.buffer.resizable) data.buffer.resize(10);
        await rejection(call(data), 'INVALID_ARGUMENT');
      });
    }
  }

  it('and bytes that are none: an empty array, wherever it begins, is no error', async () => {
    const empty = [new Uint8Array(0), Buffer.alloc(0), new ArrayBuffer(0), new Uint8Array(9)];
    empty.push(new Uint8Array(new ArrayBuffer(9), 9), new DataView(new ArrayBuffer(9), 9), '');
    empty.push(new ArrayBuffer(0, { maxByteLength: 9 }), shrunk(10, 10, 0).view);
    empty[3] = empty[3].subarray(4, 4);
    for (const data of empty) {
      assert.equal((await envelope.decrypt(await envelope.encrypt(data))).length, 0);
      assert.equal(envelope.decryptSync(envelope.encryptSync(data)).length, 0);
    }
  });
});

describe('a buffer that is taken away during a call', () => {
  for (const name of ['decrypt', 'decryptMessage', 'encrypt', 'reEncrypt']) {
    it(`${name}: an into that is detached in any turn is an error`, async () => {
      const plaintext = crypto.randomBytes(3 * MIB);
      const input = name === 'encrypt' ? plaintext : envelope.encryptSync(plaintext);
      const call = (into) =>
        name === 'reEncrypt'
          ? envelope.reEncrypt(input, envelope, { into })
          : envelope[name](input, { into });
      let failures = 0;
      for (let turns = 0; ; turns++) {
        const into = new Uint8Array(4 * MIB);
        const running = call(into);
        running.catch(() => {});
        let done = false;
        running.finally(() => (done = true)).catch(() => {});
        for (let i = 0; i < turns && !done; i++) await new Promise(setImmediate);
        if (done) break;
        structuredClone(into.buffer, { transfer: [into.buffer] });
        await rejection(running, 'INVALID_ARGUMENT');
        failures++;
      }
      assert.ok(failures > 1, `${failures}`);
    });
  }

  it('by a getter of the options: no getter runs', async () => {
    for (const call of ['encrypt', 'encryptSync', 'decrypt', 'decryptSync', 'decryptMessage']) {
      const input = Buffer.from(sealed.buffer.slice(sealed.byteOffset));
      const options = {
        get encryptionContext() {
          detached(input);
          return {};
        },
      };
      await rejection((async () => envelope[call](input, options))(), 'INVALID_ARGUMENT');
      assert.ok(input.length > 0);
    }
  });

  it('by the getters of a foreign signal: an error', async () => {
    const input = new Uint8Array(100);
    const signal = {
      get aborted() {
        if (input.length > 0) detached(input);
        return false;
      },
      addEventListener() {},
      removeEventListener() {},
      [Symbol.toStringTag]: 'AbortSignal',
    };
    await rejection(envelope.encrypt(input, { signal }), 'INVALID_ARGUMENT');
  });

  it('by an item of the same batch: an error', async () => {
    const first = new Uint8Array(100);
    const items = [first];
    Object.defineProperty(items, 1, {
      get: () => detached(first) && 'x',
      enumerable: true,
    });
    await rejection(envelope.encryptBatch(items), 'INVALID_ARGUMENT');
    assert.equal(first.length, 100);
  });

  it('a view that follows its growing buffer gives the bytes of the moment of the call', async () => {
    const buffer = new ArrayBuffer(3 * MIB, { maxByteLength: 6 * MIB });
    const running = envelope.encrypt(new Uint8Array(buffer));
    buffer.resize(6 * MIB);
    assert.equal((await envelope.decrypt(await running)).length, 3 * MIB);
  });
});

describe('a Uint8Array that says something else than it is', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(100));
  /** What lies is never asked: the engine's own slots are. */
  class Liar extends Uint8Array {
    get buffer() {
      return new ArrayBuffer(100);
    }
    get length() {
      return 3;
    }
    get byteLength() {
      return 3;
    }
    get byteOffset() {
      return 7;
    }
    get [Symbol.toStringTag]() {
      return 'Float64Array';
    }
    subarray() {
      return new Uint8Array(0);
    }
    fill() {
      throw new Error('fill');
    }
  }

  for (const [name, call] of Object.entries(CALLS)) {
    it(`${name}: shared memory behind a subclass is refused`, async () => {
      const { message } = await rejection(call(new Liar(shared.buffer)), 'INVALID_ARGUMENT');
      assert.match(message, /SharedArrayBuffer/);
      await rejection(call(new DataView(shared.buffer)), 'INVALID_ARGUMENT');
      await rejection(call(shared.buffer), 'INVALID_ARGUMENT');
    });
  }

  it('gives its bytes, all of them', async () => {
    const data = crypto.randomBytes(100);
    const owned = Object.defineProperty(new Uint8Array(data), 'length', { value: 3 });
    for (const input of [new Liar(data), owned]) {
      assert.ok(envelope.decryptSync(envelope.encryptSync(input)).equals(data));
      const { output, error } = await through(envelope.encryptStream(), [input]);
      assert.ifError(error);
      assert.ok(envelope.decryptSync(output).equals(data));
      const web = await throughWeb(envelope.encryptWebStream(), [input]);
      assert.ok(envelope.decryptSync(web.output).equals(data));
      const [{ value }] = await envelope.encryptBatch([input]);
      assert.ok(envelope.decryptSync(value).equals(data));
      assert.ok(column.decrypt(column.encrypt(input)).equals(data));
    }
    for (const length of [100, 20_000]) {
      const value = column.encrypt(Buffer.alloc(length, 1), { row: 'a' });
      const short = Object.defineProperty(new Uint8Array(value), 'length', { value: 3 });
      for (const input of [new Liar(value), short]) {
        assert.ok(column.decrypt(input, { row: 'a' }).equals(Buffer.alloc(length, 1)));
      }
    }
  });

  it('or is of another realm: is bytes as any other', async () => {
    const kinds = ['new Uint8Array([1, 2])', 'new Uint8Array([1, 2]).buffer'];
    kinds.push('new DataView(new Uint8Array([1, 2]).buffer)', 'new Int16Array([513])');
    for (const kind of kinds) {
      const data = vm.runInNewContext(kind);
      assert.deepEqual([...envelope.decryptSync(await envelope.encrypt(data))], [1, 2]);
    }
    const into = vm.runInNewContext('new Uint8Array(1000)');
    assert.equal(String(envelope.decryptSync(sealed, { into })), 'some plaintext');
  });

  it('cannot bring shared memory past the addon itself', () => {
    const { inspectHeader } = require('../../lib/native/load.js');
    for (const wrong of [shared, new Liar(shared.buffer), shared.subarray(0, 0)]) {
      assert.throws(() => inspectHeader(wrong), /SharedArrayBuffer/);
    }
    for (const wrong of [5, {}, new Float64Array(1), new DataView(new ArrayBuffer(1))]) {
      assert.throws(() => inspectHeader(wrong), /ERR_ENVELOPE_INVALID_ARGUMENT/);
    }
  });
});

it('an into of the wrong kind is refused before any key is asked for', async () => {
  let asked = 0;
  const { CustomKeyring } = require('../..');
  const custom = new CustomKeyring({
    providerId: 'mine',
    wrapDataKey: async () => asked++,
    unwrapDataKey: async () => asked++,
  });
  for (const into of [5, 'x', {}, new ArrayBuffer(9), detached(new Uint8Array(9))]) {
    await rejection(new Envelope({ keyring: custom }).encrypt('x', { into }), 'INVALID_ARGUMENT');
    thrown(() => envelope.encryptSync('x', { into }), 'INVALID_ARGUMENT');
  }
  assert.equal(asked, 0);
});

function detached(view) {
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

/** A view of a resizable buffer of 100 bytes that is shrunk to a length then. */
function shrunk(to, offset, length) {
  const buffer = new ArrayBuffer(100, { maxByteLength: 100 });
  const view = new Uint8Array(buffer, offset, length);
  buffer.resize(to);
  return { buffer, view };
}

async function settled(results) {
  for (const { reason } of results) if (reason) throw reason;
  return results;
}
