'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const api = require('../..');
const { temporaryFolder } = require('../support/files');
const { operations } = require('../support/operations');
const { assertNoSecret, everything } = require('../support/secrets');

const { CustomKeyring, Envelope, LocalKeyring, MultiKeyring, RawAesKeyring, RawRsaKeyring } = api;
const PLAINTEXT = Buffer.from('TOP-SECRET: the launch code is 0000\u0000\u00ff');
const NAMES = { keyNamespace: 'tests', keyName: 'key' };

describe('an error under a key that calls nobody', () => {
  const folder = temporaryFolder();
  const wrappingKeys = [crypto.randomBytes(32), crypto.randomBytes(32)];
  const pairs = [0, 1].map(() => crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }));
  const files = ['a', 'b'].map((name) => path.join(folder, name));
  for (const file of files) LocalKeyring.generate(file);
  const secrets = [
    ['the plaintext', PLAINTEXT],
    ...wrappingKeys.map((key) => ['a wrapping key', key]),
    ...pairs.map(({ privateKey }) => [
      'a private key',
      Buffer.from(privateKey.export({ format: 'jwk' }).d, 'base64url'),
    ]),
    ...files.map((file) => ['a key file', keyIn(file)]),
  ];

  /** Two keyrings of a kind with the same name: what one wrapped, the other cannot unwrap. */
  const KINDS = {
    RawAesKeyring: (i) => new RawAesKeyring({ ...NAMES, wrappingKey: wrappingKeys[i] }),
    RawRsaKeyring: (i) => new RawRsaKeyring({ ...NAMES, ...pem(pairs[i]) }),
    'RawRsaKeyring, pkcs1': (i) =>
      new RawRsaKeyring({ ...NAMES, ...pem(pairs[i]), padding: 'pkcs1' }),
    LocalKeyring: (i) => new LocalKeyring(files[i]),
    MultiKeyring: (i) =>
      new MultiKeyring({
        children: [new RawAesKeyring({ ...NAMES, wrappingKey: wrappingKeys[i] })],
      }),
  };

  for (const [kind, keyring] of Object.entries(KINDS)) {
    it(`holds no plaintext and no key if a ${kind} has another key of the same name`, async () => {
      const writer = kind === 'MultiKeyring' ? KINDS.RawAesKeyring(0) : keyring(0);
      await assertNothingLeaks({ keyring: keyring(1) }, writer);
    });
  }

  it('holds neither if a message was changed anywhere, was cut off, or has another context', async () => {
    const envelope = new Envelope({ keyring: KINDS.RawAesKeyring(0) });
    const message = envelope.encryptSync(PLAINTEXT, { encryptionContext: { tenant: 'acme' } });
    const inputs = [...message.keys()].flatMap((i) => {
      const changed = Buffer.from(message);
      changed[i] ^= 1;
      return [changed, message.subarray(0, i)];
    });
    for (const input of inputs) assertError(await failure(() => envelope.decrypt(input)));
    const encryptionContext = { tenant: 'other' };
    assertError(await failure(() => envelope.decrypt(message, { encryptionContext })));
  });

  it('holds neither if a key or an option is of a wrong type or length', async () => {
    const [wrappingKey] = wrappingKeys;
    for (const make of [
      () => new RawAesKeyring({ ...NAMES, wrappingKey: wrappingKey.subarray(1) }),
      () => new RawAesKeyring({ ...NAMES, wrappingKey: [...wrappingKey] }),
      () => new RawRsaKeyring({ ...NAMES, privateKey: wrappingKey }),
      () => new RawRsaKeyring({ ...NAMES, privateKey: pem(pairs[0]).privateKey.slice(0, 900) }),
      () => new RawRsaKeyring({ ...NAMES, publicKey: { key: PLAINTEXT } }),
      () => new Envelope(PLAINTEXT),
      () => new Envelope({ keyring: KINDS.RawAesKeyring(0), [PLAINTEXT.toString('hex')]: 1 }),
    ]) {
      const error = await failure(make);
      assert.match(error.code, /^ERR_ENVELOPE_/);
      // The name of an option is the caller's own, and shown; its value is not.
      if (!/there is no option/.test(error.message)) assertNoSecret(everything(error), secrets);
    }
  });

  for (const form of ['latin1', 'base64', 'base64url', 'hex', 'json']) {
    it(`holds neither if a CustomKeyring puts the data key into its own error, as ${form}`, async () => {
      const own = [...secrets];
      const keyring = new CustomKeyring({
        providerId: 'vault',
        breaker: false,
        wrapDataKey({ dataKey }) {
          own.push(['the data key', Buffer.from(dataKey)]);
          throw new Error(
            `cannot wrap ${form === 'json' ? [...dataKey].join() : dataKey.toString(form)}`,
          );
        },
        unwrapDataKey: () => undefined,
      });
      const error = await failure(() => new Envelope({ keyring }).encrypt(PLAINTEXT));
      assert.equal(error.code, 'ERR_ENVELOPE_KEYRING_FAILED');
      assertNoSecret(everything(error), own);
    });
  }

  /** Lets every operation that reads fail. */
  async function assertNothingLeaks(options, writer) {
    const working = new Envelope({ keyring: writer });
    const message = await working.encrypt(PLAINTEXT);
    const { ciphertextBlob } = await working.generateDataKey().catch(() => ({
      ciphertextBlob: Buffer.alloc(100),
    }));
    const calls = operations({
      options,
      working,
      plaintext: PLAINTEXT,
      message,
      workingMessage: message,
      blob: ciphertextBlob,
      folder,
    });
    let failed = 0;
    for (const [operation, call] of Object.entries(calls)) {
      const error = await failure(call);
      if (!error) continue;
      assertError(error, operation);
      failed += 1;
    }
    assert.ok(failed >= 15, `${failed} operations failed`);
  }

  function assertError(error, where) {
    assert.match(String(error?.code), /^ERR_ENVELOPE_/, `${where}: ${error?.stack}`);
    assertNoSecret(everything(error), secrets, where);
  }
});

async function failure(call) {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

function pem({ publicKey, privateKey }) {
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}

/** The key of a key file: the last field of its last line. */
function keyIn(file) {
  const text = fs.readFileSync(file, 'utf8').trimEnd();
  return Buffer.from(text.split(/\s/).at(-1), 'hex');
}
