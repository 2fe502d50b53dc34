'use strict';

const crypto = require('node:crypto');

const { AwsKmsKeyring, Envelope, MultiKeyring, RawAesKeyring } = require('../..');
const { startJob } = require('../lib/child');
const { curve, powers, upTo } = require('../lib/curves');
const { KIB, MIB } = require('../lib/keys');
const { KMS_ANSWER } = require('../lib/kms-answer');
const { inFlight, synchronous } = require('../lib/rounds');

const MOST_TENANTS = 100_000;
/** Of few calls at once, so many are made: one alone would measure how long a thread sleeps. */
const LEAST_CALLS = 200;
/** How many messages of 1 KiB each process writes. */
const MESSAGES = 5000;
const PROCESSES = [1, 2, 5, 10, 20];

/**
 * What one operation takes as something grows: each group is a line, each side one of its points.
 */
async function growth() {
  return [
    ...(await byLength()),
    ...(await byFrameLength()),
    ...(await byDataKeys()),
    ...(await byContext()),
    ...(await byConcurrency()),
    ...(await byTenants()),
    ...(await byProcesses()),
  ];
}

async function byLength() {
  const envelope = new Envelope({ keyring: wrappingKey('key') });
  const into = Buffer.alloc(65 * MIB);
  const lengths = powers(4, 64, 64 * MIB);
  return [
    await curve('plaintext length: encrypt', lengths, (length) => {
      const data = crypto.randomBytes(length);
      return synchronous(() => envelope.encryptSync(data));
    }),
    await curve('plaintext length: encrypt into a buffer', lengths, (length) => {
      const data = crypto.randomBytes(length);
      return synchronous(() => envelope.encryptSync(data, { into }));
    }),
    await curve('plaintext length: decrypt into a buffer', lengths, (length) => {
      const message = envelope.encryptSync(crypto.randomBytes(length));
      return synchronous(() => envelope.decryptSync(message, { into }));
    }),
  ];
}

async function byFrameLength() {
  const data = crypto.randomBytes(MIB);
  const into = Buffer.alloc(2 * MIB);
  const envelopeOf = (frameLength) => new Envelope({ keyring: wrappingKey('key'), frameLength });
  const frames = powers(4, 64, MIB);
  return [
    await curve('frame length: encrypt 1 MiB', frames, (length) => {
      const envelope = envelopeOf(length);
      return synchronous(() => envelope.encryptSync(data, { into }));
    }),
    await curve('frame length: decrypt 1 MiB', frames, (length) => {
      const envelope = envelopeOf(length);
      const message = envelope.encryptSync(data);
      return synchronous(() => envelope.decryptSync(message, { into }));
    }),
  ];
}

/** The message is read with the last of its keys, so that all before it are passed over. */
async function byDataKeys() {
  const data = crypto.randomBytes(KIB);
  const keyringOf = (count) => {
    const [generator, ...children] = Array.from({ length: count }, (_, i) => wrappingKey(`${i}`));
    return new MultiKeyring({ generator, children });
  };
  const counts = upTo(200);
  return [
    await curve('encrypted data keys: encrypt', counts, (count) => {
      const envelope = new Envelope({ keyring: keyringOf(count), maxEncryptedDataKeys: count });
      return synchronous(() => envelope.encryptSync(data));
    }),
    await curve('encrypted data keys: decrypt with the last', counts, (count) => {
      const writer = new Envelope({ keyring: keyringOf(count), maxEncryptedDataKeys: count });
      const message = writer.encryptSync(data);
      const keyring = wrappingKey(`${count - 1}`);
      const reader = new Envelope({ keyring, maxEncryptedDataKeys: count });
      return synchronous(() => reader.decryptSync(message));
    }),
  ];
}

async function byContext() {
  const data = crypto.randomBytes(KIB);
  const envelope = new Envelope({ keyring: wrappingKey('key') });
  const contextOf = (count) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`name-${i}`, `value-${i}`]));
  return [
    await curve('pairs of the context: encrypt', upTo(1000), (count) => {
      const options = { encryptionContext: contextOf(count) };
      return synchronous(() => envelope.encryptSync(data, options));
    }),
    await curve('pairs of the context: decrypt', upTo(1000), (count) => {
      const options = { encryptionContext: contextOf(count) };
      const message = envelope.encryptSync(data, options);
      return synchronous(() => envelope.decryptSync(message, options));
    }),
  ];
}

/** As many calls of KMS at once, until the last has ended. */
async function byConcurrency() {
  const kms = await startJob('kms-answers.js', []);
  const { endpoint } = kms.told;
  const credentials = { accessKeyId: 'benchmark', secretAccessKey: 'benchmark' };
  const data = crypto.randomBytes(KIB);
  const all = (maxInFlight) => (count) => {
    const keyId = KMS_ANSWER.KeyId;
    const keyring = new AwsKmsKeyring({ keyId, endpoint, credentials, maxInFlight });
    const envelope = new Envelope({ keyring });
    const atOnce = inFlight(() => envelope.encrypt(data), count);
    const calls = Math.max(count, LEAST_CALLS);
    const sample = async () => (await atOnce.sample(calls)) * (count / calls);
    return { single: true, sample };
  };
  try {
    return [
      await curve('calls of KMS at once', upTo(1000), all(undefined)),
      await curve('calls of KMS at once: maxInFlight 1000', upTo(1000), all(1000)),
    ];
  } finally {
    kms.stop();
  }
}

/** Each tenant has a data key of its own in the cache; one after the other gets a message. */
async function byTenants() {
  const data = crypto.randomBytes(KIB);
  const sideOf = (count) => {
    const cache = { maxEntries: MOST_TENANTS, maxAgeMs: 3_600_000, maxMessages: 2 ** 32 };
    const envelope = new Envelope({ keyring: wrappingKey('key'), cache });
    const contexts = Array.from({ length: count }, (_, i) => ({ tenant: `tenant-${i}` }));
    for (const encryptionContext of contexts) envelope.encryptSync(data, { encryptionContext });
    let next = 0;
    return synchronous(() => {
      // A step that is no divisor visits all, in no order that memory would foresee.
      next = (next + 7919) % count;
      envelope.encryptSync(data, { encryptionContext: contexts[next] });
    });
  };
  return [await curve('tenants in the cache: encrypt', powers(10, 1, MOST_TENANTS), sideOf)];
}

/** All begin together; the time is that of the last. */
async function byProcesses() {
  const most = Math.max(...PROCESSES);
  const jobs = [];
  for (let i = 0; i < most; i++) jobs.push(await startJob('growth-process.js', []));
  try {
    return [
      await curve(`processes: ${MESSAGES} messages each`, PROCESSES, (count) => ({
        single: true,
        async sample() {
          const started = process.hrtime.bigint();
          await Promise.all(jobs.slice(0, count).map(({ ask }) => ask({ messages: MESSAGES })));
          return Number(process.hrtime.bigint() - started);
        },
      })),
    ];
  } finally {
    for (const { stop } of jobs) stop();
  }
}

/** A wrapping key by its name: the same name gives the same key. */
function wrappingKey(keyName) {
  const bytes = crypto.createHash('sha256').update(keyName).digest();
  return new RawAesKeyring({ keyNamespace: 'growth', keyName, wrappingKey: bytes });
}

module.exports = { growth };
