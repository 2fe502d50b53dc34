'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { pathToFileURL } = require('node:url');

const api = require('../..');
const { temporaryFolder } = require('../support/files');
const { rawAes } = require('../support/raw-aes');
const { rejection, thrown } = require('../support/rejects');

const { Envelope, EnvelopeError, MultiKeyring, RawRsaKeyring } = api;

const keyring = rawAes();
const envelope = new Envelope({ keyring });
const sealed = envelope.encryptSync('x');

describe('a second copy of the package', () => {
  const copy = secondCopy();
  const foreignKeyring = new copy.RawAesKeyring({
    keyNamespace: 'tests',
    keyName: 'key',
    wrappingKey: crypto.randomBytes(32),
  });

  it('an Envelope or a keyring of it is refused, and the error says that there are two', async () => {
    const foreign = new copy.Envelope({ keyring: foreignKeyring });
    const calls = [
      () => envelope.reEncrypt(sealed, foreign),
      () => envelope.reEncryptStream(foreign),
      () => envelope.reEncryptFile(__filename, 'out', foreign),
      () => envelope.rewrapDataKey(sealed, foreign),
      () => new Envelope({ keyring: foreignKeyring }),
      () => new MultiKeyring({ generator: foreignKeyring }),
      () => new MultiKeyring({ children: [foreignKeyring] }),
    ];
    for (const call of calls) {
      const { message } = await rejection((async () => call())(), 'INVALID_ARGUMENT');
      assert.match(message, /two copies/);
    }
  });

  it('its errors are an EnvelopeError, and those of a subclass or of others are not', () => {
    const error = caught(() => copy.inspect('x'));
    assert.ok(error instanceof EnvelopeError);
    assert.ok(caught(() => api.inspect('x')) instanceof copy.EnvelopeError);
    class Mine extends EnvelopeError {}
    assert.ok(!(error instanceof Mine));
    assert.ok(new Mine('ERR_ENVELOPE_INTERNAL', 'x') instanceof EnvelopeError);
    const { proxy, revoke } = Proxy.revocable(error, {});
    revoke();
    for (const other of [new Error('x'), { ...error }, null, 5, 'x', proxy]) {
      assert.ok(!(other instanceof EnvelopeError));
    }
  });
});

describe('what only looks like an object of the package', () => {
  it('is refused by its name', async () => {
    const looks = [Object.create(Envelope.prototype), Object.create(envelope), {}, null, 5];
    looks.push(new Proxy(envelope, {}));
    for (const to of looks) {
      await rejection(envelope.reEncrypt(sealed, to), 'INVALID_ARGUMENT');
      thrown(() => envelope.reEncryptStream(to), 'INVALID_ARGUMENT');
    }
    for (const wrong of [Object.create(keyring), new Proxy(keyring, {}), {}, null, envelope]) {
      thrown(() => new Envelope({ keyring: wrong }), 'INVALID_ARGUMENT');
    }
  });
});

describe('a signal of another library', () => {
  /** As jsdom and polyfills have it. */
  class Signal extends EventTarget {
    aborted = false;
    reason = undefined;
    get [Symbol.toStringTag]() {
      return 'AbortSignal';
    }
    abort(reason) {
      this.aborted = true;
      this.reason = reason;
      this.dispatchEvent(new Event('abort'));
    }
  }

  it('ends a call, with its reason', async () => {
    const waiting = new Envelope({
      keyring: new api.CustomKeyring({
        providerId: 'mine',
        wrapDataKey: () => new Promise(() => {}),
        unwrapDataKey: () => new Promise(() => {}),
      }),
    });
    const signal = new Signal();
    const running = waiting.encrypt('x', { signal });
    signal.abort('enough');
    assert.equal((await rejection(running, 'ABORTED')).cause, 'enough');
    const again = waiting.encrypt('x', { signal });
    assert.equal((await rejection(again, 'ABORTED')).cause, 'enough');
  });

  it('that lives long gathers no listeners', async () => {
    let listeners = 0;
    const signal = new Signal();
    signal.addEventListener = () => listeners++;
    for (let i = 0; i < 50; i++) await envelope.encrypt('x', { signal });
    assert.equal(listeners, 1);
  });

  it('that cannot be read, or is none: an error', async () => {
    const throws = () => {
      throw new Error('mine');
    };
    const wrong = [
      {},
      new EventTarget(),
      new AbortController(),
      Object.create(AbortSignal.prototype),
      new Proxy(AbortSignal.timeout(1000), {}),
      revoked(),
      Object.create(new Proxy({}, { getPrototypeOf: throws })),
      Object.defineProperty(new Signal(), 'aborted', { get: throws }),
      Object.assign(new Signal(), { addEventListener: throws }),
      Object.defineProperty(new AbortController().signal, 'aborted', { get: throws }),
      5,
      null,
    ];
    for (const signal of wrong) {
      await rejection(envelope.encrypt('x', { signal }), 'INVALID_ARGUMENT');
      thrown(() => envelope.encryptStream({ signal }), 'INVALID_ARGUMENT');
    }
  });
});

describe('a URL or a key of another realm', () => {
  it('a file: URL names its path', async () => {
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, 'in'), 'text');
    class ForeignURL {
      constructor(file) {
        this.href = pathToFileURL(file).href;
      }
      get [Symbol.toStringTag]() {
        return 'URL';
      }
    }
    const place = (name) => new ForeignURL(path.join(folder, name));
    await envelope.encryptFile(place('in'), place('out'));
    assert.equal(await envelope.plaintextSize(place('out')), 4);
    const odd = { [Symbol.toStringTag]: 'URL', href: 'https://example.com/' };
    await rejection(envelope.encryptFile(odd, place('none')), 'INVALID_ARGUMENT');
  });

  it('an RSA key as PEM in any Uint8Array is read', () => {
    const { publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = new TextEncoder().encode(publicKey.export({ type: 'spki', format: 'pem' }));
    const names = { keyNamespace: 'tests', keyName: 'rsa' };
    assert.ok(new RawRsaKeyring({ ...names, publicKey: pem }));
    thrown(
      () => new RawRsaKeyring({ ...names, publicKey: new Proxy(pem, {}) }),
      'INVALID_ARGUMENT',
    );
  });
});

/** All of the package's modules anew, over the same addon. */
function secondCopy() {
  const root = path.join(__dirname, '..', '..');
  const ours = Object.keys(require.cache).filter(
    (file) => file.startsWith(path.join(root, 'lib')) || file === path.join(root, 'index.js'),
  );
  const kept = ours.map((file) => [file, require.cache[file]]);
  for (const file of ours) delete require.cache[file];
  const copy = require('../..');
  for (const [file, module] of kept) require.cache[file] = module;
  return copy;
}

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function caught(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
}
