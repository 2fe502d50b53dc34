'use strict';

// `tree.js ROOT`: one tree of this repository, in a process of its own. Its parent asks for samples of an
// operation by its name, and is told their nanoseconds.
const crypto = require('node:crypto');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const { Readable, Writable } = require('node:stream');

const { CONTEXT, KEY, KIB, MIB } = require('../lib/keys');
const { inFlight, synchronous } = require('../lib/rounds');

const options = { encryptionContext: CONTEXT };

async function main(root) {
  const { CustomKeyring, Envelope, RawAesKeyring } = require(path.resolve(root));
  const wrapping = { keyNamespace: KEY.namespace, keyName: KEY.name, wrappingKey: KEY.bytes };
  const local = new Envelope({ keyring: new RawAesKeyring(wrapping) });
  const warm = new Envelope({ keyring: new RawAesKeyring(wrapping), cache: {} });
  await warm.warm(options);
  // Answers at once, but only later: what is left is the way of a call that must wait for a key.
  const cold = new Envelope({
    keyring: new CustomKeyring({
      providerId: 'benchmark',
      wrapDataKey: ({ dataKey }) => ({ ciphertext: Buffer.from(dataKey), keyName: 'key' }),
      unwrapDataKey: ({ ciphertext }) => ciphertext,
    }),
  });
  const [short, long] = [crypto.randomBytes(KIB), crypto.randomBytes(16 * MIB)];
  const message = await local.encrypt(short, options);
  const coldMessage = await cold.encrypt(short, options);
  const longMessage = await local.encrypt(long, options);
  const through = (stream, data) =>
    pipeline(Readable.from(slices(data)), stream, new Writable({ write: (_, __, done) => done() }));

  const operations = {
    '1 KiB, `encryptSync`, local key': () => local.encryptSync(short, options),
    '1 KiB, `decryptSync`, local key': () => local.decryptSync(message, options),
    '1 KiB, `await encrypt`, warm cache': () => warm.encrypt(short, options),
    '1 KiB, `await decrypt`, local key': () => local.decrypt(message, options),
    '1 KiB, `await encrypt`, a key service, cold': () => cold.encrypt(short, options),
    '1 KiB, `await decrypt`, a key service, cold': () => cold.decrypt(coldMessage, options),
    '1 KiB, `await reEncrypt`, local key': () => local.reEncrypt(message, local, options),
    '16 MiB, `await encrypt`': () => local.encrypt(long, options),
    '16 MiB, `await decrypt`': () => local.decrypt(longMessage, options),
    '16 MiB, `encryptStream`': () => through(local.encryptStream(options), long),
    '16 MiB, `decryptStream`': () => through(local.decryptStream(options), longMessage),
    '64 KiB out of 16 MiB, `decryptRange`': () =>
      local.decryptRange(longMessage, { start: MIB + 1, end: MIB + 64 * KIB + 1, ...options }),
  };
  process.on('message', async ({ name, count }) => {
    const operation = operations[name];
    const side = name.includes('Sync') ? synchronous(operation) : inFlight(operation, 1);
    process.send({ elapsed: await side.sample(count) });
  });
  process.send({ names: Object.keys(operations) });
}

function slices(data) {
  const count = Math.ceil(data.length / (64 * KIB));
  return Array.from({ length: count }, (_, i) => data.subarray(i * 64 * KIB, (i + 1) * 64 * KIB));
}

main(process.argv[2]);
