'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { execFileSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { flip } = require('../support/edits');
const { startMoto } = require('../support/moto');
const { nodeBinary } = require('../support/nodes');
const { startPeer } = require('../support/peers');
const { requireOrSkip, skipWithout } = require('../support/requirements');

// What the other tests take for granted: a test that blames the library first asks these.
describe('the peers and the local KMS', { skip: skipWithout('python', 'peers') }, () => {
  const plaintext = crypto.randomBytes(10_000);
  // In UTF-8 order U+FF5E comes first, in UTF-16 order U+1F511 does.
  const encryptionContext = { '\uff5e': 'tilde', '\u{1f511}': 'key', tenant: 'a' };
  const rawAes = {
    type: 'raw-aes',
    namespace: 'test',
    name: 'key',
    wrappingKey: crypto.randomBytes(32).toString('base64'),
  };
  const running = {};

  before(async () => {
    running.moto = await startMoto();
    running.python = startPeer('python');
    running.javascript = startPeer('javascript');
  });
  after(() => Promise.all(Object.values(running).map((process) => process.stop())));

  async function agree(keyring) {
    const { python, javascript } = running;
    for (const [writer, reader] of [
      [python, javascript],
      [javascript, python],
    ]) {
      const options = { keyring, encryptionContext, frameLength: 4096 };
      const { result: message } = await writer.encrypt({ ...options, plaintext });
      const read = await reader.decrypt({ keyring, message });
      assert.deepEqual(read.result, plaintext);
      assert.deepEqual(read.encryptionContext, encryptionContext);
      assert.equal(read.suite, '0478');
    }
  }

  it('read each other with a raw AES key', () => agree(rawAes));

  for (const padding of ['pkcs1', 'oaep-sha1', 'oaep-sha256', 'oaep-sha512']) {
    it(`read each other with an RSA key, ${padding}`, () => {
      const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
      const rsa = { type: 'raw-rsa', namespace: 'test', name: 'rsa', padding };
      return agree({ ...rsa, publicKey, privateKey });
    });
  }

  it('read each other through KMS, which tells who asked', async () => {
    const { moto } = running;
    const region = 'eu-central-1';
    const { arn } = await moto.createKey({ region });
    await moto.clearRequests();
    await agree({ type: 'aws-kms', keyArn: arn, endpoint: moto.endpoint });

    const requests = await moto.requests();
    const targets = requests.map((request) => request.target.replace('TrentService.', ''));
    assert.deepEqual(targets, ['GenerateDataKey', 'Decrypt', 'GenerateDataKey', 'Decrypt']);
    for (const request of requests) {
      assert.equal(request.accessKeyId, 'test');
      assert.equal(request.region, region);
    }
  });

  it('exchange files', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-'));
    const file = (name) => path.join(folder, name);
    const { python, javascript } = running;
    const [plaintextFile, messageFile, outFile] = ['plain', 'message', 'back'].map(file);
    try {
      writeFileSync(plaintextFile, plaintext);
      await python.encrypt({ keyring: rawAes, plaintextFile, outFile: messageFile });
      await javascript.decrypt({ keyring: rawAes, messageFile, outFile });
      assert.deepEqual(readFileSync(outFile), plaintext);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuse a message that was changed', async () => {
    const { python, javascript } = running;
    const { result } = await python.encrypt({ keyring: rawAes, plaintext });
    const message = flip(result, 'final tag');
    for (const peer of [python, javascript]) {
      await assert.rejects(peer.decrypt({ keyring: rawAes, message }), /peer: /);
    }
  });

  it('has the versions of Node.js that the package supports', (t) => {
    for (const major of [22, 24, 26]) {
      const binary = nodeBinary(major);
      if (!requireOrSkip(t, binary, `Node.js ${major}: node scripts/prepare.js peers`)) return;
      const version = execFileSync(binary, ['--version'], { encoding: 'utf8' });
      assert.ok(version.startsWith(`v${major}.`), version);
    }
  });
});
