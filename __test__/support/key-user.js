'use strict';

// A process that uses data keys in every way, to be looked into. It prints what its parent needs to
// know of each, and holds still until its standard input ends.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');

const { AwsKmsKeyring, Envelope, RawAesKeyring } = require('../..');
const { flip } = require('./edits');

async function main(endpoint, keyId) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'key-user-'));
  const keyring = new AwsKmsKeyring({ keyId, endpoint, maxAttempts: 1, breaker: false });
  const envelope = new Envelope({ keyring });
  const signed = new Envelope({ keyring, algorithmSuite: 0x0578 });
  const cached = new Envelope({ keyring, cache: {} });
  const data = Buffer.alloc(300_000, 'plaintext ');
  const messages = [];

  for (const writer of [envelope, signed]) {
    const message = await writer.encrypt(data);
    messages.push(message);
    await writer.decrypt(message);
    await writer.decrypt(flip(message, 'last byte')).catch(() => {});
  }
  await streams(envelope, data, messages);
  await files(envelope, data, folder, messages);
  await envelope.decryptRange(messages[0], { start: 5, end: 50 });
  messages.push(await envelope.reEncrypt(messages[0], envelope));
  const batch = await envelope.encryptBatch(Array(100).fill('item'));
  await envelope.decryptBatch(batch.map(({ value }) => value));
  messages.push(batch[0].value);
  await envelope.generateDataKeyWithoutPlaintext();
  await envelope.encrypt(data, { signal: AbortSignal.timeout(1) }).catch(() => {});

  const wrappingKey = Buffer.alloc(32, 1);
  const raw = new RawAesKeyring({ keyNamespace: 'raw', keyName: 'key', wrappingKey });
  const pairs = [];
  for (const keyPairSpec of ['ECC_NIST_P256', 'ECC_NIST_P384', 'RSA_2048']) {
    const local = new Envelope({ keyring: raw });
    const pair = await local.generateDataKeyPairWithoutPlaintext({ keyPairSpec });
    pairs.push(pair.privateKeyCiphertextBlob.toString('base64'));
  }

  const message = await cached.encrypt(data);
  await cached.decrypt(message);
  globalThis.keptAlive = cached;
  fs.rmSync(folder, { recursive: true });
  global.gc();
  // Over TLS, the buffers of a connection go when it is closed, as nobody uses it.
  await new Promise((resolve) => setTimeout(resolve, endpoint.startsWith('https:') ? 5000 : 50));
  global.gc();
  console.log(
    JSON.stringify({
      messages: messages.map((one) => one.subarray(0, 400).toString('base64')),
      cached: message.subarray(0, 400).toString('base64'),
      pairs,
    }),
  );
  process.stdin.resume();
}

async function streams(envelope, data, messages) {
  const pieces = [];
  await pipeline(Readable.from([data]), envelope.encryptStream(), async (message) => {
    for await (const piece of message) pieces.push(piece);
  });
  const message = Buffer.concat(pieces);
  messages.push(message);
  await pipeline(Readable.from([message]), envelope.decryptStream(), async (plaintext) => {
    for await (const piece of plaintext) piece.fill(0);
  });
  for (const stream of [envelope.encryptStream(), envelope.decryptStream()]) {
    stream.on('error', () => {});
    await new Promise((resolve) => stream.write(message.subarray(0, 100_000), resolve));
    stream.destroy();
  }
}

async function files(envelope, data, folder, messages) {
  const [plain, sealed, opened] = ['plain', 'sealed', 'opened'].map((name) =>
    path.join(folder, name),
  );
  fs.writeFileSync(plain, data);
  await envelope.encryptFile(plain, sealed);
  await envelope.decryptFile(sealed, opened);
  messages.push(fs.readFileSync(sealed));
  fs.truncateSync(sealed, 100_000);
  await envelope.decryptFile(sealed, `${opened}2`).catch(() => {});
}

main(...process.argv.slice(2));
