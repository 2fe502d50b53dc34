'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Envelope, LocalKeyring } = require('..');

/** `node scripts/smoke.js`: fails unless the binary that was built for this platform loads and works. */
async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-smoke-'));
  try {
    const key = path.join(folder, 'smoke.key');
    LocalKeyring.generate(key);
    const envelope = new Envelope(`local:${key}`);
    // Several frames, so that every code path of the cipher runs.
    const data = Buffer.alloc(300_000, 'smoke');
    const options = { encryptionContext: { purpose: 'smoke' } };
    const message = await envelope.encrypt(data, options);
    assert.ok(data.equals(await envelope.decrypt(message, options)));
    assert.ok(data.equals(envelope.decryptSync(envelope.encryptSync(data, options), options)));
    message[message.length - 1] ^= 1;
    await assert.rejects(envelope.decrypt(message, options));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  console.log(`it works on ${process.platform}-${process.arch}, Node.js ${process.version}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
