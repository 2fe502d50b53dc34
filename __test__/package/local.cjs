'use strict';

// Runs in a project that has installed the tarballs: a round trip with a local key.
const assert = require('node:assert/strict');
const { Envelope, EnvelopeError, LocalKeyring } = require('kms-envelope');

async function main() {
  const imported = await import('kms-envelope');
  assert.equal(imported.Envelope, Envelope);
  assert.equal(imported.EnvelopeError, EnvelopeError);

  const keyFile = `node-${process.versions.node}.key`;
  LocalKeyring.generate(keyFile);
  const envelope = new Envelope(`local:./${keyFile}`);
  const encryptionContext = { tenant: 'a' };
  const message = await envelope.encrypt('attack at dawn', { encryptionContext });
  const plaintext = await envelope.decrypt(message, { encryptionContext });
  assert.equal(plaintext.toString(), 'attack at dawn');
  assert.throws(
    () => envelope.decryptSync(message, { encryptionContext: { tenant: 'b' } }),
    imported.EnvelopeError,
  );

  const addons = Object.keys(require.cache).filter((file) => file.endsWith('.node'));
  console.log(JSON.stringify({ node: process.version, addons }));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
