'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');
const vm = require('node:vm');

const { CustomKeyring, Envelope, EnvelopeError, RawAesKeyring } = require('../..');

const names = { keyNamespace: 'tests', keyName: 'key' };
const keyring = new RawAesKeyring({ ...names, wrappingKey: Buffer.alloc(32, 1) });
const envelope = new Envelope({ keyring });
/** What is made by other code than ours: each has its own Uint8Array, Object, Promise and Error. */
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

  for (const expression of [
    '[120]',
    'new String("x")',
    '5n',
    'new Date()',
    'Symbol("x")',
    '{ length: 1, 0: 120 }',
    'new Map()',
    '() => "x"',
    '/x/',
    'null',
  ]) {
    it(`are not read from ${expression}: the error says what it is instead`, async () => {
      await assert.rejects(
        async () => envelope.encrypt(foreign(expression)),
        (error) => {
          assert.ok(error instanceof EnvelopeError);
          assert.equal(error.code, 'ERR_ENVELOPE_INVALID_ARGUMENT');
          assert.doesNotMatch(error.message, /not an instance of (Buffer|Uint8Array|ArrayBuffer)/);
          return true;
        },
      );
    });
  }
});

describe('other values of another realm', () => {
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
    it(`${what} works like one of this realm`, async () => assert.equal(String(await use()), 'x'));
  }

  it('an error that a keyring throws is the cause of the one that the call fails with', async () => {
    const thrown = foreign('new TypeError("mine")');
    const fail = () => {
      throw thrown;
    };
    const options = { providerId: 'mine', wrapDataKey: fail, unwrapDataKey: fail };
    const failing = new Envelope({ keyring: new CustomKeyring(options) });
    await assert.rejects(failing.encrypt('x'), (error) => {
      assert.ok(error instanceof EnvelopeError);
      assert.equal(error.code, 'ERR_ENVELOPE_KEYRING_FAILED');
      assert.match(String(error.cause), /mine/);
      return true;
    });
  });
});
