'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { before, describe, it } = require('node:test');
const vm = require('node:vm');

const api = require('../..');
const { temporaryFolder } = require('../support/files');
const { rejection, thrown } = require('../support/rejects');

const { AwsKmsKeyring, CustomKeyring, Envelope, MultiKeyring, RawAesKeyring, RawRsaKeyring } = api;

const aes = { keyNamespace: 'tests', keyName: 'key', wrappingKey: crypto.randomBytes(32) };
const keyring = new RawAesKeyring(aes);
const envelope = new Envelope({ keyring });
const sealed = envelope.encryptSync('x', { encryptionContext: { tenant: 'acme' } });

/** What holds a pair `tenant: 'acme'` for a reader, but not as a plain object does. */
const NOT_PLAIN = {
  'an instance with a getter': () =>
    new (class Row {
      get tenant() {
        return 'acme';
      }
    })(),
  'an instance with a property': () =>
    new (class Row {
      tenant = 'acme';
    })(),
  'an object that inherits its pairs': () => Object.create({ tenant: 'acme' }),
  'an object with a prototype that has none': () => Object.create(Object.create(null)),
  'a getter': () => ({
    get tenant() {
      return 'acme';
    },
  }),
  'a setter': () => Object.defineProperty({}, 'tenant', { set() {}, enumerable: true }),
  'a hidden property': () => Object.defineProperty({}, 'tenant', { value: 'acme' }),
  'a symbol as a key': () => ({ [Symbol('tenant')]: 'acme' }),
  'a Proxy': () => new Proxy({ tenant: 'acme' }, {}),
  'a revoked Proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'a Map': () => new Map([['tenant', 'acme']]),
  'a Map without its prototype': () => Object.setPrototypeOf(new Map([['tenant', 'acme']]), null),
  'a Map of another realm': () => vm.runInNewContext("new Map([['tenant', 'acme']])"),
  'an instance of another realm': () => vm.runInNewContext('new (class { tenant = "acme" })()'),
  URLSearchParams: () => new URLSearchParams({ tenant: 'acme' }),
  Headers: () => new Headers({ tenant: 'acme' }),
  FormData: () => new FormData(),
  'a Date': () => new Date(),
  'an array': () => ['tenant', 'acme'],
  'an array of another realm': () => vm.runInNewContext("['tenant', 'acme']"),
  'an Error': () => Object.assign(new Error('x'), { tenant: 'acme' }),
  'a function': () => Object.assign(() => {}, { tenant: 'acme' }),
  'a boxed string': () => Object('acme'),
  'a promise': () => Promise.resolve({ tenant: 'acme' }),
  'the object of an import': () => imported,
  bytes: () => Buffer.from('acme'),
  arguments: () =>
    (function () {
      return arguments;
    })('acme'),
};

/** Plain objects, wherever they come from. */
const PLAIN = {
  'a literal': () => ({ tenant: 'acme' }),
  'an object without a prototype': () => Object.assign(Object.create(null), { tenant: 'acme' }),
  'a frozen object': () => Object.freeze({ tenant: 'acme' }),
  'of JSON': () => JSON.parse('{"tenant":"acme"}'),
  'a literal of another realm': () => vm.runInNewContext("({ tenant: 'acme' })"),
  'of the JSON of another realm': () => vm.runInNewContext('JSON.parse(\'{"tenant":"acme"}\')'),
  'the groups of a regular expression': () => /(?<tenant>acme)/.exec('acme').groups,
  'a structured clone': () => structuredClone({ tenant: 'acme' }),
};

let imported;

before(async () => {
  imported = await import('../support/encryption-context.mjs');
});

describe('an encryption context', () => {
  for (const [what, make] of Object.entries(NOT_PLAIN)) {
    it(`${what}: is refused, and the error says what to pass`, async () => {
      const encryptionContext = make();
      const error = await rejection(
        envelope.encrypt('x', { encryptionContext }),
        'INVALID_ARGUMENT',
      );
      assert.match(error.message, /encryptionContext must (be a plain object|hold values)/);
      thrown(() => envelope.decryptSync(sealed, { encryptionContext }), 'INVALID_ARGUMENT');
    });
  }

  for (const [what, make] of Object.entries(PLAIN)) {
    it(`${what}: is authenticated`, async () => {
      const encryptionContext = make();
      const message = await envelope.encrypt('x', { encryptionContext });
      assert.deepEqual(api.inspect(message).encryptionContext, { tenant: 'acme' });
      assert.equal(String(envelope.decryptSync(sealed, { encryptionContext })), 'x');
    });
  }

  it('is the one of the moment of the call, whatever changes later', async () => {
    const encryptionContext = { tenant: 'acme' };
    const stream = envelope.encryptStream({ encryptionContext });
    encryptionContext.tenant = 'other';
    stream.end('x');
    const message = Buffer.concat(await stream.toArray());
    assert.deepEqual(api.inspect(message).encryptionContext, { tenant: 'acme' });
  });

  it('may have the names of what objects inherit', () => {
    const encryptionContext = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}');
    const message = envelope.encryptSync('x', { encryptionContext });
    assert.deepEqual(Object.entries(api.inspect(message).encryptionContext).sort(), [
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['toString', 'c'],
    ]);
  });

  it('with a lone surrogate, in a key or a value, is refused', () => {
    for (const encryptionContext of [{ '\ud800': 'x' }, { x: 'a\udc00' }]) {
      thrown(() => envelope.encryptSync('x', { encryptionContext }), 'INVALID_ARGUMENT');
    }
  });
});

/** Every options object of the API, made from one that is right. */
const OPTIONS = {
  Envelope: [{ keyring }, (options) => new Envelope(options)],
  cache: [{ maxAgeMs: 1000 }, (cache) => new Envelope({ keyring, cache })],
  RawAesKeyring: [aes, (options) => new RawAesKeyring(options)],
  RawRsaKeyring: [rsa(), (options) => new RawRsaKeyring(options)],
  AwsKmsKeyring: [{ keyId: 'alias/x', region: 'eu-west-1' }, (it) => new AwsKmsKeyring(it)],
  discovery: [
    { partition: 'aws', accountIds: ['111122223333'] },
    (discovery) => new AwsKmsKeyring({ discovery }),
  ],
  breaker: [{ failures: 3 }, (breaker) => new AwsKmsKeyring({ keyId: 'alias/x', breaker })],
  CustomKeyring: [
    { providerId: 'mine', wrapDataKey() {}, unwrapDataKey() {} },
    (options) => new CustomKeyring(options),
  ],
  MultiKeyring: [{ generator: keyring }, (options) => new MultiKeyring(options)],
  encryptSync: [{ encryptionContext: {} }, (options) => envelope.encryptSync('x', options)],
  encrypt: [{ encryptionContext: {} }, (options) => envelope.encrypt('x', options)],
  decrypt: [{ encryptionContext: {} }, (options) => envelope.decrypt(sealed, options)],
  encryptStream: [{ plaintextLength: 5 }, (options) => envelope.encryptStream(options).destroy()],
  decryptWebStream: [{ signed: 'refuse' }, (options) => envelope.decryptWebStream(options)],
  decryptRange: [{ start: 0 }, (options) => envelope.decryptRange(sealed, options)],
  'the range of an opened message': [
    { start: 0 },
    async (range) => (await envelope.openMessage(sealed)).read(range),
  ],
  reEncrypt: [{ newEncryptionContext: {} }, (it) => envelope.reEncrypt(sealed, envelope, it)],
  newEncryptionContext: [
    { a: 'b' },
    (newEncryptionContext) => envelope.reEncrypt(sealed, envelope, { newEncryptionContext }),
  ],
  generateDataKey: [{ numberOfBytes: 5 }, (options) => envelope.generateDataKey(options)],
  encryptFile: [
    { overwrite: true },
    (options) => envelope.encryptFile(__filename, `${temporaryFolder()}/out`, options),
  ],
  'a function of the module': [{ keyId: localKey() }, (options) => api.encrypt('x', options)],
};

describe('an options object', () => {
  for (const [what, [right, use]] of Object.entries(OPTIONS)) {
    it(`${what}: of whichever realm, but plain`, async () => {
      const tried = async (options) => use(options);
      await tried(right);
      await tried(Object.freeze(Object.assign(Object.create(null), right)));
      await tried(Object.assign(vm.runInNewContext('({})'), right));
      const [[name, value]] = Object.entries(right);
      let calls = 0;
      const get = () => (calls++, value);
      const wrong = [
        Object.create(right),
        Object.assign(new (class Options {})(), right),
        new Proxy(right, { get, getPrototypeOf: get, ownKeys: () => (calls++, []) }),
        new Map(Object.entries(right)),
        { ...right, [Symbol('option')]: 1 },
        Object.defineProperty({ ...right }, name, { get, enumerable: true }),
        Object.defineProperty({ ...right }, name, { value, enumerable: false }),
      ];
      for (const options of wrong) {
        const { message } = await rejection(tried(options), 'INVALID_ARGUMENT');
        assert.match(message, /must (be a plain object|hold values|be true, or an object)/);
      }
      assert.equal(calls, 0, 'no code of the caller’s runs');
    });
  }

  it('takes no option from Object.prototype', () => {
    Object.prototype.into = Buffer.alloc(1);
    Object.prototype.encryptionContext = { tenant: 'other' };
    try {
      const message = envelope.encryptSync('x', {});
      assert.deepEqual(api.inspect(message).encryptionContext, {});
    } finally {
      delete Object.prototype.into;
      delete Object.prototype.encryptionContext;
    }
  });
});

describe('an array', () => {
  for (const [what, make] of Object.entries({
    'with a hole': () => [, 'x'], // eslint-disable-line no-sparse-arrays
    'of 4 billion holes': () => new Array(2 ** 32 - 1),
    'with a getter': () => Object.defineProperty(['x'], 0, { get: () => 'y', enumerable: true }),
    'that is a Proxy': () => new Proxy(['x'], {}),
    'that is an iterator': () => ['x'].values(),
    'that only looks like one': () => ({ 0: 'x', length: 1 }),
  })) {
    it(`${what}: is refused, for keys, keyrings and items of batches`, async () => {
      const calls = [
        () => new Envelope({ keyring, requiredContextKeys: make() }),
        () => new Envelope({ keyring, allowedKeys: make() }),
        () => new AwsKmsKeyring({ keyId: 'alias/x', grantTokens: make() }),
        () => new MultiKeyring({ generator: keyring, children: make() }),
      ];
      for (const call of calls) thrown(call, 'INVALID_ARGUMENT');
      await rejection(envelope.encryptBatch(make()), 'INVALID_ARGUMENT');
      await rejection(envelope.decryptBatch(make()), 'INVALID_ARGUMENT');
    });
  }

  it('whose own iterator never ends is read by its items', () => {
    const endless = Object.assign(['a'], {
      *[Symbol.iterator]() {
        for (;;) yield 'a';
      },
    });
    assert.ok(new Envelope({ keyring, requiredContextKeys: endless }));
  });

  it('of another realm is one', async () => {
    const [{ value }] = await envelope.encryptBatch(vm.runInNewContext("['x']"));
    assert.equal(String(envelope.decryptSync(value)), 'x');
  });
});

function rsa() {
  const { publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { keyNamespace: 'tests', keyName: 'rsa', publicKey };
}

function localKey() {
  const file = `${temporaryFolder()}/dev.key`;
  api.LocalKeyring.generate(file);
  return `local:${file}`;
}
