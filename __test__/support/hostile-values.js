'use strict';

const vm = require('node:vm');
const fc = require('fast-check');

const context = vm.createContext({});
const foreign = (source) => vm.runInContext(source, context);
const THROWN = new Error('a hostile value threw');
const fail = () => {
  throw THROWN;
};

const STRINGS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'a\udc00',
  '\uffff',
  '\u202e',
  '\n\x1b[2J',
  '__proto__',
  'constructor',
  'toString',
  'aws-crypto-x',
  'local:',
  'local:/nowhere',
  'alias/x',
  '..',
  'file:///x',
  'x'.repeat(70_000),
  'encryptionContext',
  'requireEncryptRequireDecrypt',
  'oaep-sha256',
  'http://127.0.0.1:1',
];
const NUMBERS = [
  0,
  -0,
  -1,
  1,
  1.5,
  NaN,
  Infinity,
  -Infinity,
  255,
  256,
  65_535,
  65_536,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  1e300,
  0x0478,
  0x0578,
];

class LyingArray extends Uint8Array {
  get length() {
    return 3;
  }
  get buffer() {
    return new SharedArrayBuffer(8);
  }
  get byteLength() {
    return 2 ** 40;
  }
  get byteOffset() {
    return -1;
  }
}

class Entity {
  #tenant = 'acme';
  get tenant() {
    return this.#tenant;
  }
}

/** Ways to make a hostile value; each call makes a new one, of the same kind and seed. */
const MAKERS = {
  undefined: () => undefined,
  null: () => null,
  string: (seed) => STRINGS[seed % STRINGS.length],
  number: (seed) => NUMBERS[seed % NUMBERS.length],
  bigint: () => 5n,
  boolean: (seed) => seed % 2 === 0,
  symbol: () => Symbol('hostile'),
  function: () => () => {},
  'throwing function': () => fail,
  'async function': () => async () => 5,
  'empty object': () => ({}),
  'null-prototype object': () => Object.assign(Object.create(null), { a: 'b' }),
  'foreign object': () => foreign("({ a: 'b' })"),
  'foreign array': () => foreign("['x']"),
  'foreign bytes': (seed) => foreign(`new Uint8Array(${seed})`),
  'foreign error': () => foreign('new Error("x")'),
  'class instance': () => new Entity(),
  inherited: () => Object.create({ a: 'b', size: 5, aborted: false }),
  getter: () => Object.defineProperty({}, 'a', { get: fail, enumerable: true }),
  hidden: () => Object.defineProperty({}, 'a', { value: 'b' }),
  'symbol key': () => ({ [Symbol('a')]: 'b' }),
  proxy: () => new Proxy({ a: 'b' }, {}),
  'throwing proxy': () => new Proxy(() => {}, new Proxy({}, { get: fail })),
  'revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  array: (seed) => Array.from({ length: seed % 5 }, (_, i) => STRINGS[(seed + i) % STRINGS.length]),
  'array of holes': () => new Array(2 ** 32 - 1),
  'array with a getter': () => Object.defineProperty([1], 0, { get: fail }),
  'array that never ends': () =>
    Object.assign(['a'], {
      *[Symbol.iterator]() {
        for (;;) yield 'a';
      },
    }),
  map: () => new Map([['a', 'b']]),
  'bare map': () => Object.setPrototypeOf(new Map([['a', 'b']]), null),
  date: () => new Date(0),
  error: () => new Error('x'),
  'hostile error': () => Object.defineProperty(new Error('x'), 'message', { get: fail }),
  thenable: () => ({ then: (resolve) => resolve('x') }),
  'throwing thenable': () => ({ then: fail }),
  'getter of then': () => Object.defineProperty({}, 'then', { get: fail }),
  'rejected promise': () => {
    const promise = Promise.reject(new Error('x'));
    promise.catch(() => {});
    return promise;
  },
  'odd primitive': () => ({ [Symbol.toPrimitive]: fail, toString: fail, valueOf: fail }),
  'odd constructor': () => Object.defineProperty({}, 'constructor', { get: fail }),
  'boxed string': () => Object('x'),
  bytes: (seed) => new Uint8Array(seed).fill(seed),
  buffer: (seed) => Buffer.alloc(seed, seed),
  'large bytes': (seed) => new Uint8Array(1_500_000).fill(seed),
  'array buffer': (seed) => new ArrayBuffer(seed),
  'data view': (seed) => new DataView(new ArrayBuffer(seed)),
  floats: (seed) => new Float64Array(seed),
  'shared memory': (seed) => new Uint8Array(new SharedArrayBuffer(seed)),
  'shared buffer': (seed) => new SharedArrayBuffer(seed),
  'lying bytes': (seed) => new LyingArray(seed),
  'lying shared bytes': (seed) => new LyingArray(new SharedArrayBuffer(seed)),
  'detached bytes': (seed) => detached(new Uint8Array(seed + 1)),
  'detached view': (seed) => detached(new DataView(new ArrayBuffer(seed + 1))),
  'detached buffer': (seed) => detached(new Uint8Array(seed + 1)).buffer,
  'resizable bytes': (seed) => new Uint8Array(new ArrayBuffer(seed, { maxByteLength: 2 * seed })),
  'shrunk bytes': (seed) => {
    const buffer = new ArrayBuffer(seed + 1, { maxByteLength: seed + 1 });
    const bytes = new Uint8Array(buffer, 1);
    buffer.resize(0);
    return bytes;
  },
  'bytes with own length': (seed) =>
    Object.defineProperty(new Uint8Array(seed), 'length', { get: fail }),
  signal: () => new AbortController().signal,
  'fired signal': () => AbortSignal.abort(new Error('enough')),
  'signal that fires': (seed) => AbortSignal.timeout(seed % 3),
  'bare signal': () => Object.create(AbortSignal.prototype),
  'throwing signal': () =>
    Object.defineProperty(new AbortController().signal, 'aborted', { get: fail }),
  'look-alike of a signal': () => ({
    aborted: false,
    addEventListener: fail,
    removeEventListener: fail,
    [Symbol.toStringTag]: 'AbortSignal',
  }),
  url: () => new URL('file:///nowhere/x'),
  'web url': () => new URL('https://example.com/'),
  'look-alike of a url': () => ({ href: 'file:///a%00b', [Symbol.toStringTag]: 'URL' }),
  'look-alike of a file': () => ({ fd: 3, stat: async () => ({ isFile: fail }), read: fail }),
  'ranged source': (seed) => ({
    size: seed,
    read: (start, end) => new Uint8Array(end - start),
    timeoutMs: 50,
  }),
  'silent source': () => ({ size: 5, read: () => new Promise(() => {}), timeoutMs: 5 }),
  'ranged source of shared memory': () => ({
    size: 500,
    read: (start, end) => new Uint8Array(new SharedArrayBuffer(end - start)),
  }),
  'regular expression': () => /x/g,
  generator: () => (function* () {})(),
  'module of the process': () => process,
  'global object': () => globalThis,
  'deep object': () => {
    let object = {};
    for (let i = 0; i < 1000; i++) object = { a: object };
    return object;
  },
  cycle: () => {
    const object = { a: 'b' };
    object.encryptionContext = object;
    return object;
  },
};

/** A kind of value and its seed. */
const hostile = fc.tuple(fc.constantFrom(...Object.keys(MAKERS)), fc.nat(300));

function detached(view) {
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

module.exports = { MAKERS, THROWN, hostile };
