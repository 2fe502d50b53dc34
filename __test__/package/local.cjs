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

  const files = Object.keys(require.cache);
  const addons = files.filter((file) => file.endsWith('.node'));
  const inPackage = /.*[\\/]node_modules[\\/]([^\\/]+)/;
  const packages = files.flatMap((file) => inPackage.exec(file)?.[1] ?? []);
  const loaded = [...new Set(packages)];
  console.log(JSON.stringify({ node: process.version, addons, loaded }));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
