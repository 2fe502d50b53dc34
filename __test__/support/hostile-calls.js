'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const fc = require('fast-check');

const api = require('../..');
const { temporaryFolder } = require('./files');
const { fieldCalls } = require('./hostile-fields');
const {
  bytesOf,
  piped,
  pipedWeb,
  roundTrip,
  unwrapDataKey,
  valueOf,
  wrapDataKey,
} = require('./hostile-results');
const { THROWN } = require('./hostile-values');
const { MemoryStorage } = require('./memory-storage');

const { CustomKeyring, Envelope, LocalKeyring, MultiKeyring, RawAesKeyring } = api;

const folder = temporaryFolder();
// Names without a folder lead here; nothing that a call makes stays.
process.chdir(folder);
const place = (name) => path.join(folder, name);
LocalKeyring.generate(place('dev.key'));
// What is a key of KMS by its name is asked for where nobody answers.
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_REGION: 'eu-west-1',
  AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:9',
  AWS_MAX_ATTEMPTS: '1',
  AWS_EC2_METADATA_DISABLED: 'true',
});

const aes = { keyNamespace: 'tests', keyName: 'key', wrappingKey: crypto.randomBytes(32) };
const KMS_KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const branchKeyStore = new api.BranchKeyStore({
  tableName: 'table',
  logicalName: 'name',
  kmsKeyId: KMS_KEY,
  endpoint: 'http://127.0.0.1:9',
  timeoutMs: 50,
  maxAttempts: 1,
});
const keyring = new RawAesKeyring(aes);
const envelope = new Envelope({ keyring, cache: {} });
const data = crypto.randomBytes(3000);
const sealed = envelope.encryptSync(data, { encryptionContext: { a: 'b' } });
const wrapped = envelope.generateDataKey();
const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
const ecPair = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
fs.writeFileSync(place('plain'), data);
fs.writeFileSync(place('sealed'), sealed);

/** What comes out unchanged, as the types say: errors of functions that the caller gave. */
const OWN = new Set([THROWN]);
/** Exports, methods and options that the calls below use. */
const DRIVEN = new Set(['EnvelopeError']);

const CALL = { encryptionContext: () => ({ a: 'b' }), signal: () => undefined };
const SYNC = { encryptionContext: CALL.encryptionContext, into: () => undefined };
const STREAM = { ...CALL, plaintextLength: () => undefined };
const READ_STREAM = { ...STREAM, signed: () => 'refuse' };
const NEW = { newEncryptionContext: () => ({ c: 'd' }) };
const KEY = { keyId: () => `local:${place('dev.key')}` };
const FILE = { ...CALL, overwrite: () => true, onProgress: () => () => {} };
const GUARD = {
  timeoutMs: () => 50,
  maxInFlight: () => 5,
  maxQueued: () => 5,
  breaker: () => false,
};

/**
 * Calls with some arguments right and some hostile.
 *
 * @type {{ name: string, run(values: (() => unknown)[], next: () => number): unknown }[]}
 */
const CALLS = [
  writing('Envelope.encrypt', { ...CALL, ...SYNC }, (it, options) => envelope.encrypt(it, options)),
  writing('Envelope.encryptSync', SYNC, (it, options) => envelope.encryptSync(it, options)),
  writing('Envelope.encryptBatch', CALL, async (it, options) => {
    const [first, second] = await envelope.encryptBatch([it, 'x'], options);
    assert.equal(String(envelope.decryptSync(second.value)), 'x');
    return valueOf(first);
  }),
  writing('Envelope.encryptStream', STREAM, (it, options) =>
    piped(envelope.encryptStream(options), it),
  ),
  writing('Envelope.encryptWebStream', STREAM, (it, options) =>
    pipedWeb(envelope.encryptWebStream(options), it),
  ),
  reading('Envelope.decrypt', { ...CALL, ...SYNC }, (it, options) => envelope.decrypt(it, options)),
  reading('Envelope.decryptSync', SYNC, (it, options) => envelope.decryptSync(it, options)),
  reading('Envelope.decryptMessage', { ...CALL, ...SYNC }, async (it, options) => {
    const { plaintext, header } = await envelope.decryptMessage(it, options);
    assert.deepEqual(header.encryptionContext, { a: 'b' });
    return plaintext;
  }),
  reading('Envelope.decryptBatch', CALL, async (it, options) => {
    const [first, second] = await envelope.decryptBatch([it, sealed], options);
    assert.ok(valueOf(second).equals(data));
    return valueOf(first);
  }),
  reading('Envelope.decryptStream', READ_STREAM, (it, options) =>
    piped(envelope.decryptStream(options), it),
  ),
  reading(
    'Envelope.decryptWebStream',
    { ...READ_STREAM, onHeader: () => () => {} },
    (it, options) => pipedWeb(envelope.decryptWebStream(options), it),
  ),
  reading(
    'Envelope.decryptRange',
    { ...CALL, start: () => 0, end: () => 3000 },
    (it, options) => envelope.decryptRange(it, options),
    // Any part of the plaintext is right.
    (found) => data.includes(found),
  ),
  reading(
    'Envelope.plaintextSize',
    CALL,
    (it, options) => envelope.plaintextSize(it, options),
    (size) => size === data.length,
  ),
  call('Envelope.encryptText', CALL, async (options, values) => {
    const message = await envelope.encryptText(values[3](), options);
    assert.ok(envelope.decryptSync(Buffer.from(message, 'base64url')).length >= 0);
  }),
  call('Envelope.encryptJson', CALL, async (options, values) => {
    await envelope.decryptJson(await envelope.encryptJson(values[0](), options));
  }),
  call('Envelope.decryptText', CALL, (options, values) =>
    envelope.decryptText(values[3](), options),
  ),
  call('Envelope.decryptJson', CALL, (options, values) =>
    envelope.decryptJson(values[3](), options),
  ),
  call('Envelope.openMessage', { start: () => 1, end: () => 9 }, async (options) => {
    const opened = await envelope.openMessage(sealed);
    const stream = opened.stream(options);
    const pieces = await stream.toArray();
    assert.ok(data.includes(Buffer.concat(pieces)));
  }),
  reading('Envelope.openMessage', CALL, async (it, options) => {
    const opened = await envelope.openMessage(it, options);
    await opened[Symbol.asyncDispose]();
    return data.subarray(0, opened.size);
  }),
  call('Envelope.openMessage', { start: () => 1, end: () => 9 }, async (options) => {
    const opened = await envelope.openMessage(sealed);
    try {
      assert.ok(data.includes(await opened.read(options)));
    } finally {
      await opened.close();
    }
  }),
  call(
    'Envelope.openMessage',
    { size: () => sealed.length, timeoutMs: () => 50, read: () => readSealed },
    async (source) => {
      assert.equal(await envelope.plaintextSize(source), data.length);
    },
  ),
  reading('Envelope.reEncrypt', { ...CALL, ...SYNC, ...NEW }, async (it, options) =>
    envelope.decryptSync(await envelope.reEncrypt(it, envelope, options)),
  ),
  call('Envelope.reEncrypt', {}, (_, [to]) => envelope.reEncrypt(sealed, to())),
  reading('Envelope.reEncryptStream', { ...READ_STREAM, ...NEW }, async (it, options) =>
    envelope.decryptSync(await piped(envelope.reEncryptStream(envelope, options), it)),
  ),
  call('Envelope.reEncryptStream', {}, (_, [to]) => envelope.reEncryptStream(to())),
  file('Envelope.encryptFile', FILE, 'plain', (...all) => envelope.encryptFile(...all)),
  file('Envelope.decryptFile', FILE, 'sealed', (...all) => envelope.decryptFile(...all)),
  file('Envelope.reEncryptFile', { ...FILE, ...NEW }, 'sealed', (from, to, options) =>
    envelope.reEncryptFile(from, to, envelope, options),
  ),
  call('Envelope.reEncryptFile', {}, (_, [to]) =>
    envelope.reEncryptFile(place('sealed'), place('out'), to()),
  ),
  call('Envelope.warm', CALL, (options) => envelope.warm(options)),
  call('Envelope.warm', { ...CALL, messages: () => [sealed] }, (options) => envelope.warm(options)),
  call('Envelope.clearCache', {}, (_, [it]) => envelope.clearCache(it())),
  call('Envelope.stats', {}, (_, [it]) => assert.ok(envelope.stats(it()).encrypted.messages > 0)),
  call(
    'Envelope.generateDataKey',
    { ...CALL, keySpec: () => undefined, numberOfBytes: () => 32 },
    (it) => envelope.generateDataKey(it),
  ),
  call('Envelope.generateDataKeyWithoutPlaintext', { ...CALL, keySpec: () => 'AES_128' }, (it) =>
    envelope.generateDataKeyWithoutPlaintext(it),
  ),
  // Key pairs of RSA take long to make.
  call('Envelope.generateDataKeyPair', { ...CALL, keyPairSpec: () => 'ECC_NIST_P256' }, (it) =>
    envelope.generateDataKeyPair(it),
  ),
  call(
    'Envelope.generateDataKeyPairWithoutPlaintext',
    { keyPairSpec: () => 'ECC_NIST_P384' },
    (it) => envelope.generateDataKeyPairWithoutPlaintext(it),
  ),
  call('Envelope.decryptDataKey', { signal: CALL.signal }, async (options, values, next) => {
    const { ciphertextBlob, plaintext } = await wrapped;
    const blob = next() % 2 ? values[3]() : ciphertextBlob;
    assert.ok((await envelope.decryptDataKey(blob, options)).plaintext.equals(plaintext));
  }),
  call('Envelope.rewrapDataKey', { signal: CALL.signal, ...NEW }, async (options, values, next) => {
    const { ciphertextBlob } = await wrapped;
    const blob = next() % 2 ? values[3]() : ciphertextBlob;
    return envelope.rewrapDataKey(blob, next() % 4 ? envelope : values[2](), options);
  }),
  call('Envelope.encryptDirect', CALL, async (options, values) => {
    const plaintext = values[3]();
    const expected = bytesOf(plaintext);
    const { ciphertextBlob } = await envelope.encryptDirect(plaintext, options);
    if (options?.encryptionContext !== undefined) return;
    assert.ok((await envelope.decryptDirect(ciphertextBlob)).plaintext.equals(expected));
  }),
  call('Envelope.decryptDirect', CALL, (options, values) =>
    envelope.decryptDirect(values[3](), options),
  ),
  call('Envelope.open', { signal: CALL.signal }, (options, values, next) =>
    Envelope.open(next() % 2 ? { keyring } : values[2](), options),
  ),
  call(
    'Envelope',
    {
      keyring: () => keyring,
      algorithmSuite: () => 0x0478,
      commitmentPolicy: () => 'requireEncryptRequireDecrypt',
      frameLength: () => 100,
      maxEncryptedDataKeys: () => 5,
      maxPlaintextLength: () => 5000,
      unwrapTimeoutMs: () => 1000,
      requiredContextKeys: () => ['a'],
      allowedKeys: () => ['key'],
      cache: () => undefined,
    },
    (options) => roundTrip(new Envelope(options)),
  ),
  call(
    'Envelope',
    {
      maxAgeMs: () => 1000,
      maxMessages: () => 10,
      maxBytes: () => 1000,
      maxEntries: () => 5,
      renewBeforeMs: () => 10,
    },
    (cache) => roundTrip(new Envelope({ keyring, cache })),
  ),
  call('Envelope', {}, (_, [key]) => void new Envelope(key())),
  call('Envelope', { ...KEY, frameLength: () => 100 }, (options) =>
    roundTrip(new Envelope(options)),
  ),
  call('Envelope', { frameLength: () => 100 }, (options) =>
    roundTrip(new Envelope(KEY.keyId(), options)),
  ),
  call('RawAesKeyring', constant(aes), (options) =>
    roundTrip(new Envelope({ keyring: new RawAesKeyring(options) })),
  ),
  call(
    'RawRsaKeyring',
    constant({ keyNamespace: 'a', keyName: 'b', publicKey, privateKey, padding: 'oaep-sha256' }),
    (options) => void new api.RawRsaKeyring(options),
  ),
  call('MultiKeyring', { generator: () => keyring, children: () => [keyring] }, (options) =>
    roundTrip(new Envelope({ keyring: new MultiKeyring(options) })),
  ),
  call('LocalKeyring', {}, (_, [it]) => void new LocalKeyring(it())),
  call('LocalKeyring.generate', {}, (_, [it]) => void LocalKeyring.generate(it())),
  call(
    'AwsKmsKeyring',
    {
      ...GUARD,
      keyId: () => 'alias/x',
      additionalKeyIds: () => [],
      discovery: () => undefined,
      multiRegion: () => false,
      region: () => 'eu-west-1',
      endpoint: () => 'http://127.0.0.1:9',
      profile: () => undefined,
      credentials: () => undefined,
      grantTokens: () => [],
      maxAttempts: () => 1,
      attemptTimeoutMs: () => 50,
      connectTimeoutMs: () => 50,
      credentialsTimeoutMs: () => 50,
    },
    (options) => void new api.AwsKmsKeyring(options),
  ),
  call(
    'AwsKmsKeyring',
    {
      accessKeyId: () => 'AKID',
      secretAccessKey: () => 'secret',
      sessionToken: () => 'token',
      expiration: () => new Date(),
      accountId: () => '111122223333',
    },
    (credentials) => void new api.AwsKmsKeyring({ keyId: 'alias/x', credentials }),
  ),
  call('AwsKmsKeyring', {}, async (_, [answer]) => {
    const keyring = new api.AwsKmsKeyring({
      keyId: 'alias/x',
      credentials: () => answer(),
      timeoutMs: 50,
    });
    await new Envelope({ keyring: keyring }).encrypt('x');
  }),
  call(
    'AwsKmsKeyring',
    { partition: () => 'aws', accountIds: () => ['111122223333'] },
    (discovery) => void new api.AwsKmsKeyring({ discovery }),
  ),
  call(
    'AwsKmsKeyring',
    { failures: () => 3, openMs: () => 50 },
    (breaker) => void new api.AwsKmsKeyring({ keyId: 'alias/x', breaker }),
  ),
  call(
    'BranchKeyStore',
    {
      ...GUARD,
      tableName: () => 'table',
      logicalName: () => 'name',
      kmsKeyId: () => KMS_KEY,
      discovery: () => undefined,
      multiRegion: () => false,
      kmsRegion: () => undefined,
      endpoint: () => 'http://127.0.0.1:9',
      kmsEndpoint: () => 'http://127.0.0.1:9',
      maxAttempts: () => 1,
    },
    (options) => void new api.BranchKeyStore(options),
  ),
  call('BranchKeyStore', { storage: () => new MemoryStorage() }, (options) => {
    const named = typeof options === 'object' ? { logicalName: 'name', kmsKeyId: KMS_KEY } : {};
    new api.BranchKeyStore({ ...named, ...options });
  }),
  ...['get', 'write', 'items', 'delete', 'list', 'createTable'].map((name) =>
    call('BranchKeyStore', {}, async (_, [answer], next) => {
      const answers = {
        [name]() {
          if (next() % 2) throw answer();
          return answer();
        },
      };
      const storage = Object.assign(new MemoryStorage(), answers);
      const names = { logicalName: 'name', kmsKeyId: KMS_KEY, timeoutMs: 50, maxAttempts: 1 };
      const store = new api.BranchKeyStore({ storage, ...names });
      await store.describe('id').catch(onlyOurs);
      await store.list().catch(onlyOurs);
      await store.createTable().catch(onlyOurs);
      await store.destroy('id').catch(onlyOurs);
      await store.rotate('id');
    }),
  ),
  call('BranchKeyStore.create', { ...CALL, branchKeyId: () => 'id' }, (options) =>
    branchKeyStore.create(options),
  ),
  ...['rotate', 'destroy', 'describe'].map((name) =>
    call(`BranchKeyStore.${name}`, { signal: CALL.signal }, (options, [id]) =>
      branchKeyStore[name](id(), options),
    ),
  ),
  ...['list', 'createTable'].map((name) =>
    call(`BranchKeyStore.${name}`, { signal: CALL.signal }, (options) =>
      branchKeyStore[name](options),
    ),
  ),
  call('BranchKeyStore.info', {}, () => void branchKeyStore.info()),
  call(
    'HierarchicalKeyring',
    {
      branchKeyStore: () => branchKeyStore,
      branchKeyId: () => 'id',
      branchKeyIdOf: () => undefined,
      maxAgeMs: () => 1000,
      maxEntries: () => 10,
      partition: () => undefined,
    },
    (options) => void new api.HierarchicalKeyring(options),
  ),
  call('HierarchicalKeyring', {}, async (_, [answer]) => {
    const branchKeyIdOf = () => answer();
    const keyring = new api.HierarchicalKeyring({ branchKeyStore, branchKeyIdOf });
    await new Envelope({ keyring: keyring }).encrypt('x');
  }),
  call(
    'RawEcdhKeyring',
    {
      curveSpec: () => 'ECC_NIST_P256',
      privateKey: () => ecPair.privateKey,
      recipientPublicKey: () => ecPair.publicKey,
    },
    (options) => roundTrip(new Envelope({ keyring: new api.RawEcdhKeyring(options) })),
  ),
  call(
    'AwsKmsEcdhKeyring',
    {
      ...GUARD,
      curveSpec: () => 'ECC_NIST_P256',
      keyId: () => KMS_KEY,
      publicKey: () => ecPair.publicKey,
      recipientPublicKey: () => ecPair.publicKey,
      endpoint: () => 'http://127.0.0.1:9',
      maxAttempts: () => 1,
    },
    (options) => void new api.AwsKmsEcdhKeyring(options),
  ),
  call(
    'AwsKmsRsaKeyring',
    {
      ...GUARD,
      keyId: () => KMS_KEY,
      publicKey: () => publicKey,
      padding: () => 'oaep-sha256',
      endpoint: () => 'http://127.0.0.1:9',
      maxAttempts: () => 1,
    },
    (options) => {
      new Envelope({ keyring: new api.AwsKmsRsaKeyring(options) }).encryptSync('x');
    },
  ),
  call(
    'CustomKeyring',
    {
      ...GUARD,
      providerId: () => 'mine',
      wrapDataKey: () => wrapDataKey,
      unwrapDataKey: () => unwrapDataKey,
    },
    (options) => roundTrip(new Envelope({ keyring: new CustomKeyring(options) })),
  ),
  custom('CustomKeyring', (answer) => ({ wrapDataKey: async () => answer() })),
  custom('CustomKeyring', (answer) => ({ unwrapDataKey: async () => answer() })),
  custom('CustomKeyring', (answer) => ({
    wrapDataKey: async () => ({ ciphertext: answer(), keyName: 'n' }),
  })),
  custom('CustomKeyring', (answer) => ({
    wrapDataKey: async () => ({ ciphertext: Buffer.from('x'), keyName: answer() }),
  })),
  custom('CustomKeyring', (answer) => ({
    wrapDataKey() {
      throw answer();
    },
  })),
  custom('CustomKeyring', (answer) => ({
    unwrapDataKey: () => new Promise((_, reject) => reject(answer())),
  })),
  call('OutputPool', { maxBytes: () => 0, wipe: () => true }, (options) => {
    const outputs = new api.OutputPool(options);
    const output = outputs.acquire();
    const message = envelope.encryptSync(data, { into: output });
    assert.ok(envelope.decryptSync(message).equals(data));
    output.release();
    outputs.clear();
    assert.equal(outputs.idleBytes, 0);
  }),
  ...['acquire', 'clear', 'idleBytes'].map((name) =>
    call(`OutputPool.${name}`, {}, (_, [it]) => {
      const outputs = new api.OutputPool();
      return name === 'idleBytes' ? outputs.idleBytes : void outputs[name](it());
    }),
  ),
  call('encrypt', { ...KEY, ...CALL, ...SYNC }, async (options, values) =>
    api.encrypt(values[3](), options),
  ),
  call('decrypt', { ...KEY, ...CALL, ...SYNC }, (options, values) =>
    api.decrypt(values[3](), options),
  ),
  call('encryptText', { ...KEY, ...CALL }, async (options, values) => {
    await api.encryptText(values[3](), options);
  }),
  call('decryptText', { ...KEY, ...CALL }, (options, values) =>
    api.decryptText(values[3](), options),
  ),
  call('encryptJson', { ...KEY, ...CALL }, async (options, values) => {
    await api.encryptJson(values[3](), options);
  }),
  call('decryptJson', { ...KEY, ...CALL }, (options, values) =>
    api.decryptJson(values[3](), options),
  ),
  call('encryptStream', { ...KEY, ...STREAM }, (options, values) =>
    piped(api.encryptStream(options), values[3]()),
  ),
  call('decryptStream', { ...KEY, ...READ_STREAM }, (options, values) =>
    piped(api.decryptStream(options), values[3]()),
  ),
  call('generateDataKey', { ...KEY, ...CALL }, (options) => api.generateDataKey(options)),
  call('decryptDataKey', { ...KEY, ...CALL }, (options, values) =>
    api.decryptDataKey(values[3](), options),
  ),
  ...fieldCalls(call, envelope),
  call('inspect', {}, (_, [it]) => void api.inspect(it())),
  call('inspect', {}, () => assert.deepEqual(api.inspect(sealed).encryptionContext, { a: 'b' })),
];

/** A call with options of which some are hostile; now and then all of them are one hostile value. */
function call(name, options, run) {
  DRIVEN.add(name).add(name.split('.')[0]);
  for (const option of Object.keys(options)) DRIVEN.add(`option ${option}`);
  return {
    name,
    [fc.toStringMethod]: () => name,
    run(values, next) {
      if (next() % 8 === 0) return run(values[0](), values, next);
      const chosen = {};
      for (const [option, right] of Object.entries(options)) {
        const choice = next() % 6;
        if (choice > 1) chosen[option] = right();
        else if (choice === 1) chosen[option] = values[next() % 3]();
      }
      return run(chosen, values, next);
    },
  };
}

/** A call that makes a message of bytes: it must decrypt to them. */
function writing(name, options, run) {
  return call(name, options, async (chosen, values, next) => {
    const input = next() % 2 ? values[3]() : data;
    const expected = bytesOf(input);
    const message = Buffer.from(await run(input, chosen));
    assert.ok(expected && envelope.decryptSync(message).equals(expected), `${name}: other bytes`);
  });
}

/** A call that reads a message: what it gives is what the message holds. */
function reading(name, options, run, isRight = (found) => data.equals(found)) {
  return call(name, options, async (chosen, values, next) => {
    const input = next() % 3 ? sealed : values[3]();
    assert.ok(isRight(await run(input, chosen)), `${name}: other bytes`);
  });
}

/** A call from a file to a file. */
function file(name, options, source, run) {
  return call(name, options, async (chosen, values, next) => {
    const from = next() % 3 ? place(source) : values[1]();
    const to = next() % 3 ? place('out') : values[2]();
    await run(from, to, chosen);
  });
}

/** Only errors of this package come out. */
function onlyOurs(error) {
  assert.ok(error instanceof api.EnvelopeError, String(error));
}

/** A keyring one of whose functions answers with, or throws, a hostile value. */
function custom(name, functions) {
  return call(name, {}, (_, [answer]) => {
    const options = { providerId: 'mine', timeoutMs: 2000, wrapDataKey, unwrapDataKey };
    const keyring = new CustomKeyring({ ...options, ...functions(answer) });
    return roundTrip(new Envelope({ keyring: keyring }));
  });
}

function readSealed(start, end) {
  return sealed.subarray(start, end);
}

function constant(values) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, () => value]));
}

module.exports = { CALLS, DRIVEN, OWN };
