'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');
const vm = require('node:vm');

const { CustomKeyring, Envelope, RawAesKeyring } = require('../..');
const { rejection } = require('../support/rejects');

const names = { keyNamespace: 'tests', keyName: 'key' };
const keyring = new RawAesKeyring({ ...names, wrappingKey: Buffer.alloc(32, 1) });
const envelope = new Envelope({ keyring });
/** Other code than ours, with its own Uint8Array, Object, Promise and Error. */
const realm = vm.createContext({ TextEncoder, Buffer });
const foreign = (expression) => vm.runInContext(`(${expression})`, realm);

describe('bytes of another realm', () => {
  for (const expression of [
    'new Uint8Array([120])',
    'new Uint8ClampedArray([120])',
    'new Uint8Array(new Uint8Array([1, 120, 2]).buffer, 1, 1)',
    'new Uint8Array([120]).buffer',
    'new DataView(new Uint8Array([120]).buffer)',
    'Buffer.from("x")',
    'new TextEncoder().encode("x")',
    'class Mine extends Uint8Array {}, new Mine([120])',
  ]) {
    const bytes = () => vm.runInContext(expression.replace(/^class (.*?\}),/, 'class $1;'), realm);
    it(`made by ${expression} are encrypted and come back`, async () => {
      assert.equal(String(await envelope.decrypt(await envelope.encrypt(bytes()))), 'x');
    });
  }

  for (const [expression, named] of Object.entries({
    '[120]': 'an instance of Array',
    'new String("x")': 'an instance of String',
    '5n': 'a bigint',
    'new Date()': 'an instance of Date',
    'Symbol("x")': 'a symbol',
    '{ length: 1, 0: 120 }': 'an instance of Object',
    'new Map()': 'an instance of Map',
    '() => "x"': 'a function',
    '/x/': 'an instance of RegExp',
    null: 'null',
  })) {
    it(`are not read from ${expression}: the error names ${named}`, async () => {
      const error = await rejection(envelope.encrypt(foreign(expression)), 'INVALID_ARGUMENT');
      assert.equal(
        error.message,
        `data must be a Buffer, TypedArray, DataView, ArrayBuffer or string, not ${named}`,
      );
    });
  }
});

describe('a value of another realm', () => {
  const context = { tenant: 'a' };
  for (const [what, use] of Object.entries({
    'an encryption context': async () => {
      const encryptionContext = foreign('{ tenant: "a" }');
      return envelope.decrypt(await envelope.encrypt('x', { encryptionContext }), {
        encryptionContext: context,
      });
    },
    'the options of a call': async () =>
      envelope.decrypt(await envelope.encrypt('x', foreign('{ encryptionContext: {} }'))),
    'a room for the result': async () => {
      const into = foreign('new Uint8Array(1000)');
      return envelope.decrypt(await envelope.encrypt('x', { into }));
    },
    'the options of a keyring': async () => {
      realm.wrappingKey = new Uint8Array(32).fill(1);
      const options = foreign('{ keyNamespace: "tests", keyName: "key", wrappingKey }');
      const other = new Envelope({ keyring: new RawAesKeyring(options) });
      return other.decrypt(await envelope.encrypt('x'));
    },
    'a promise of a keyring': async () => {
      const answer = '{ keyName: "k", ciphertext: new Uint8Array([1]) }';
      const own = new CustomKeyring({
        providerId: 'mine',
        wrapDataKey: ({ dataKey }) => {
          realm.kept = Uint8Array.from(dataKey);
          return foreign(`Promise.resolve(${answer})`);
        },
        unwrapDataKey: () => foreign('Promise.resolve(new Uint8Array(kept))'),
      });
      const other = new Envelope({ keyring: own });
      return other.decrypt(await other.encrypt('x'));
    },
  })) {
    it(`works like one of this realm: ${what}`, async () => assert.equal(String(await use()), 'x'));
  }

  it('that a keyring throws is the cause of the error that the call fails with', async () => {
    const thrown = foreign('new TypeError("mine")');
    const fail = () => {
      throw thrown;
    };
    const options = { providerId: 'mine', wrapDataKey: fail, unwrapDataKey: fail };
    const failing = new Envelope({ keyring: new CustomKeyring(options) });
    const error = await rejection(failing.encrypt('x'), 'KEYRING_FAILED');
    assert.equal(error.cause.message, 'TypeError: mine');
  });
});
