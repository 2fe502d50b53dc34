// Encrypts a file of about 4 MiB, inspects and decrypts it, then shows that a changed message and a wrong context are refused.
// With a local key in a temporary folder, or with AWS KMS if ENCRYPTION_KEY_ID names a key.
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { Envelope, LocalKeyring, inspect } from 'kms-envelope';

const MEGABYTE = 1024 * 1024;

const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'kms-envelope-demo-'));
try {
  await demo();
} finally {
  await fs.rm(folder, { recursive: true });
}

async function demo() {
  const key = process.env.ENCRYPTION_KEY_ID ?? localKey();
  const envelope = new Envelope(key);
  step(`1. The key: ${key.startsWith('local:') ? 'a local key file, made just now' : key}`);

  const file = path.join(folder, 'report.txt');
  await fs.writeFile(file, 'All that must stay secret. '.repeat((4 * MEGABYTE) / 27));
  const plaintext = await fs.readFile(file);
  const encryptionContext = { file: 'report.txt', department: 'finance' };
  const started = performance.now();
  const message = await envelope.encrypt(plaintext, { encryptionContext });
  const took = performance.now() - started;
  await fs.writeFile(`${file}.encrypted`, message);
  step('2. Encrypted');
  show('plaintext', `${plaintext.length} bytes`);
  show('message', `${message.length} bytes, in ${took.toFixed(1)} ms`);

  step('3. The header, which anyone can read');
  const header = inspect(await fs.readFile(`${file}.encrypted`));
  const { id, name } = header.algorithmSuite;
  show('format', `${header.version}.0, frames of ${header.frameLength} bytes`);
  show('suite', `0x${id.toString(16).padStart(4, '0')} ${name}`);
  show('context', JSON.stringify(header.encryptionContext));
  for (const { keyProviderId, keyName, ciphertext } of header.encryptedDataKeys) {
    show('data key', `${ciphertext.length} bytes, wrapped by ${keyProviderId}, key ${keyName}`);
  }

  const decrypted = await envelope.decrypt(message, { encryptionContext });
  step('4. Decrypted');
  show('same bytes', decrypted.equals(plaintext) ? 'yes' : 'NO');
  if (!decrypted.equals(plaintext)) throw new Error('the plaintext differs');

  step('5. What a flipped bit gets, in the middle of the file');
  const changed = Buffer.from(message);
  changed[changed.length >> 1] ^= 1;
  await refused(envelope.decrypt(changed));

  step('6. What another context gets');
  await refused(envelope.decrypt(message, { encryptionContext: { department: 'sales' } }));
}

function localKey() {
  const file = path.join(folder, 'dev.key');
  LocalKeyring.generate(file);
  return `local:${file}`;
}

async function refused(decrypting) {
  const error = await decrypting.then(
    () => new Error('it was decrypted'),
    (reason) => reason,
  );
  if (error.code === undefined) throw error;
  show(error.code, error.message);
}

function step(text) {
  console.log(`\n${text}`);
}

function show(name, text) {
  console.log(`   ${name.padEnd(10)} ${text}`);
}
