'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');
const vm = require('node:vm');

const { CustomKeyring, Envelope, inspect } = require('../..');
const { rejection } = require('../support/rejects');

/** What functions throw in anger, none of which can be read as an error. */
const THROWN = {
  'an error whose message throws': () => hostileError('message'),
  'an error whose name throws': () => hostileError('name'),
  'an error whose retryable throws': () => hostileError('retryable'),
  'an object without a prototype': () => Object.create(null),
  'an object whose toString throws': () => ({
    toString() {
      throw new Error('toString');
    },
  }),
  'a symbol': () => Symbol('x'),
  'a revoked Proxy': () => revoked(),
  'a Proxy whose every trap throws': () =>
    new Proxy(
      {},
      new Proxy(
        {},
        {
          get() {
            throw new Error('trap');
          },
        },
      ),
    ),
  undefined: () => undefined,
  null: () => null,
  'an error of another realm': () => vm.runInNewContext('new Error("from afar")'),
};

/** What the functions answer with instead of bytes. */
const WRONG_BYTES = {
  'shared memory': () => new Uint8Array(new SharedArrayBuffer(32)),
  'shared memory behind a subclass': () =>
    new (class extends Uint8Array {
      get buffer() {
        return new ArrayBuffer(32);
      }
    })(new SharedArrayBuffer(32)),
  'detached memory': () => {
    const bytes = new Uint8Array(32);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    return bytes;
  },
  'a DataView': () => new DataView(new ArrayBuffer(32)),
  'what only looks like bytes': () => ({ length: 32, 0: 1, buffer: new ArrayBuffer(32) }),
  'a revoked Proxy': () => ({ then: (resolve) => resolve({ ciphertext: revoked() }) }),
  'an object with a getter that throws': () => ({
    get ciphertext() {
      throw new Error('getter');
    },
  }),
};

describe('a function of a CustomKeyring that throws', () => {
  for (const [what, make] of Object.entries(THROWN)) {
    for (const how of ['throws', 'rejects']) {
      it(`${what} (${how}): an error, and no unhandled rejection`, async () => {
        const fail = () => {
          if (how === 'throws') throw make();
          return new Promise((_, reject) => reject(make()));
        };
        const { rejections, stop } = unhandled();
        const writer = new Envelope({ keyring: vault({ wrapDataKey: fail }) });
        const reader = new Envelope({ keyring: vault({ unwrapDataKey: fail }) });
        const error = await rejection(writer.encrypt('x'), 'KEYRING_FAILED');
        assert.equal(typeof error.cause.message, 'string');
        await rejection(reader.decrypt(await message()), 'KEYRING_FAILED');
        await stop();
        assert.deepEqual(rejections, []);
      });
    }
  }
});

describe('an answer of a CustomKeyring', () => {
  for (const [what, make] of Object.entries(WRONG_BYTES)) {
    it(`${what}: is refused`, async () => {
      const { rejections, stop } = unhandled();
      const wrap = async () => ({ ciphertext: make(), keyName: 'n' });
      const writer = new Envelope({ keyring: vault({ wrapDataKey: wrap }) });
      await rejection(writer.encrypt('x'), 'KEYRING_FAILED');
      const reader = new Envelope({ keyring: vault({ unwrapDataKey: async () => make() }) });
      await rejection(reader.decrypt(await message()), 'KEYRING_FAILED');
      await stop();
      assert.deepEqual(rejections, []);
    });
  }

  it('with a key name that UTF-8 cannot hold is refused', async () => {
    const wrap = async () => ({ ciphertext: Buffer.from('x'), keyName: 'a\ud800' });
    const { message } = await rejection(
      new Envelope({ keyring: vault({ wrapDataKey: wrap }) }).encrypt('x'),
      'KEYRING_FAILED',
    );
    assert.match(message, /well-formed/);
  });

  it('of a subclass or of another realm is taken as the bytes that it is, and wiped', async () => {
    class Liar extends Uint8Array {
      get length() {
        return 1;
      }
      fill() {
        throw new Error('fill');
      }
    }
    const answers = [];
    const kept = [];
    const keyring = vault({
      async wrapDataKey({ dataKey }) {
        kept.push(Buffer.from(dataKey));
        const ciphertext = vm.runInNewContext('new Uint8Array([7, 8, 9])');
        return { ciphertext, keyName: 'n' };
      },
      async unwrapDataKey() {
        answers.push(new Liar(kept[0]));
        return answers[0];
      },
    });
    const envelope = new Envelope({ keyring });
    const sealed = await envelope.encrypt('x');
    assert.deepEqual([...inspect(sealed).encryptedDataKeys[0].ciphertext], [7, 8, 9]);
    assert.equal(String(await envelope.decrypt(sealed)), 'x');
    assert.ok(Buffer.from(answers[0].buffer).equals(Buffer.alloc(32)));
  });
});

const shared = crypto.randomBytes(32);

/** A keyring that keeps one data key, but for the functions given. */
function vault(functions) {
  return new CustomKeyring({
    providerId: 'vault',
    async wrapDataKey({ dataKey }) {
      dataKey.copy(shared);
      return { ciphertext: Buffer.from('k'), keyName: 'n' };
    },
    unwrapDataKey: async () => Buffer.from(shared),
    ...functions,
  });
}

function message() {
  return new Envelope({ keyring: vault({}) }).encrypt('x');
}

function unhandled() {
  const rejections = [];
  const seen = (reason) => rejections.push(reason);
  process.on('unhandledRejection', seen);
  const stop = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', seen);
  };
  return { rejections, stop };
}

function hostileError(property) {
  return Object.defineProperty(new Error('x'), property, {
    get() {
      throw new Error('getter');
    },
  });
}

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
