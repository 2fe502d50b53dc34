'use strict';

// Makes many calls on one signal, of each kind that takes one. Prints, as JSON, for each kind: how many
// listeners the signal has while they wait and when they have ended, how they ended, and what Node.js
// warned of.
const { getEventListeners } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { buffer } = require('node:stream/consumers');

const { AwsKmsKeyring, CustomKeyring, Envelope } = require('../..');
const { startFakeKms } = require('./fake-kms');

const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const MANY = { maxInFlight: 2000, maxQueued: 2000 };
process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

/** The kinds of which a thousand are made, too. */
const COMMON = ['encrypt', 'decrypt', 'encryptStream'];

/** A gate that the key services wait at before they answer. */
const gate = { opened: Promise.resolve(), open: () => {} };
function closeGate() {
  gate.opened = new Promise((resolve) => (gate.open = resolve));
}

async function main() {
  const warnings = [];
  process.on('warning', ({ name }) => warnings.push(name));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-signal-'));
  const Plaintext = Buffer.alloc(32, 1).toString('base64');
  const kms = await startFakeKms(async () => {
    await gate.opened;
    return { body: { KeyId: ARN, Plaintext, CiphertextBlob: 'AAAA' } };
  });
  const found = {};
  try {
    for (const [name, call] of Object.entries(await calls(folder, kms))) {
      found[name] = [await attempt(call, 11), await attempt(call, 11, { fires: true })];
      if (COMMON.includes(name)) found[name].push(await attempt(call, 1000));
    }
  } finally {
    await kms.stop();
    fs.rmSync(folder, { recursive: true });
  }
  console.log(JSON.stringify({ found, warnings }));
}

/** Calls, holds the answers back until all wait, and lets them end, by themselves or by the signal. */
async function attempt(call, times, { fires = false } = {}) {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = () => getEventListeners(signal, 'abort').length;
  closeGate();
  const running = Promise.allSettled(Array.from({ length: times }, (_, i) => call(signal, i)));
  await turn();
  const during = listeners();
  if (fires) controller.abort();
  gate.open();
  const ends = (await running).map(({ status, reason }) => reason?.code ?? status);
  // Streams let go of their signal when they close.
  await turn();
  return { during, after: listeners(), ends: [...new Set(ends)] };
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** One call of each kind. */
async function calls(folder, { endpoint }) {
  let onlyDataKey;
  const keyring = new CustomKeyring({
    providerId: 'tests',
    async wrapDataKey({ dataKey }) {
      onlyDataKey ??= Buffer.from(dataKey);
      dataKey.set(onlyDataKey);
      await gate.opened;
      return { ciphertext: Buffer.from('0'), keyName: 'k' };
    },
    async unwrapDataKey() {
      await gate.opened;
      return Buffer.from(onlyDataKey);
    },
    ...MANY,
  });
  const envelope = new Envelope({ keyring });
  const kms = new Envelope({ keyring: new AwsKmsKeyring({ keyId: ARN, endpoint, ...MANY }) });
  const message = await envelope.encrypt('x');
  const at = (name) => path.join(folder, name);
  fs.writeFileSync(at('plain'), 'x');
  fs.writeFileSync(at('message'), message);
  const stream = (transform, input) => {
    transform.end(input);
    return buffer(transform);
  };
  const web = async ({ readable, writable }, input) => {
    const writer = writable.getWriter();
    const written = writer.write(input).then(() => writer.close());
    await Promise.all([written, buffer(readable)]);
  };
  return {
    encrypt: (signal) => envelope.encrypt('x', { signal }),
    encryptText: (signal) => envelope.encryptText('x', { signal }),
    encryptBatch: async (signal) => all(await envelope.encryptBatch(['x'], { signal })),
    encryptFile: (signal, i) =>
      envelope.encryptFile(at('plain'), at(`out-${i}`), { signal, overwrite: true }),
    encryptStream: (signal) => stream(envelope.encryptStream({ signal }), 'x'),
    encryptWebStream: (signal) => web(envelope.encryptWebStream({ signal }), Buffer.from('x')),
    decrypt: (signal) => envelope.decrypt(message, { signal }),
    decryptMessage: (signal) => envelope.decryptMessage(message, { signal }),
    decryptRange: (signal) => envelope.decryptRange(message, { signal, start: 0 }),
    decryptFile: (signal, i) =>
      envelope.decryptFile(at('message'), at(`out-${i}`), { signal, overwrite: true }),
    decryptStream: (signal) => stream(envelope.decryptStream({ signal }), message),
    decryptWebStream: (signal) => web(envelope.decryptWebStream({ signal }), message),
    reEncrypt: (signal) => envelope.reEncrypt(message, envelope, { signal }),
    generateDataKey: (signal) => kms.generateDataKey({ signal }),
    decryptDataKey: (signal) => kms.decryptDataKey(Buffer.from('AAAA', 'base64'), { signal }),
  };
}

function all(settled) {
  for (const { reason } of settled) if (reason) throw reason;
}

main();
