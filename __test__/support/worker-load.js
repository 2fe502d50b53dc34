'use strict';

// A worker thread that uses every native class over and over, until it has done `rounds` rounds or
// is terminated midway; posts 'started' and then 'done'.
const { workerData, parentPort } = require('node:worker_threads');
const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');
const { buffer } = require('node:stream/consumers');
const { Envelope, LocalKeyring } = require('../..');
const { rawAes } = require('./raw-aes');

const { folder, rounds } = workerData;
const envelope = new Envelope({
  keyring: rawAes('key', Buffer.alloc(32, 1)),
  algorithmSuite: 0x0578,
});
const unsigned = new Envelope({ keyring: LocalKeyring.generate(path.join(folder, 'key')) });
const data = Buffer.alloc(3_000_000, 7);

async function main() {
  parentPort.postMessage('started');
  for (let i = 0; i < rounds; i++) await Promise.all([pieces(), streams(), files(), ranges()]);
  parentPort.postMessage('done');
}

async function pieces() {
  const message = await envelope.encrypt(data);
  same(await envelope.decrypt(message));
  same(await unsigned.decrypt(await envelope.reEncrypt(message, unsigned)));
  const { ciphertextBlob } = await unsigned.generateDataKey();
  await unsigned.decryptDataKey(ciphertextBlob);
}

async function streams() {
  const source = Readable.from([data.subarray(0, 1_000_000), data.subarray(1_000_000)]);
  same(await buffer(source.pipe(unsigned.encryptStream()).pipe(unsigned.decryptStream())));
}

async function files() {
  const place = (name) => path.join(folder, name);
  fs.writeFileSync(place('plain'), data);
  await envelope.encryptFile(place('plain'), place('sealed'), { overwrite: true });
  await envelope.decryptFile(place('sealed'), place('opened'), { overwrite: true });
  same(fs.readFileSync(place('opened')));
}

async function ranges() {
  const opened = await unsigned.openMessage(unsigned.encryptSync(data));
  same(await opened.read());
  await opened.close();
}

function same(output) {
  if (!data.equals(output)) throw new Error('another plaintext came out');
}

main();
