'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope, LocalKeyring, RawAesKeyring } = require('../..');
const { same, temporaryFolder } = require('../support/files');
const { startMoto } = require('../support/moto');
const { startPeer } = require('../support/peers');
const { skipWithout } = require('../support/requirements');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const FRAME = 65_536;
const MIB = 1024 * 1024;
const CONTEXTS = {
  'no context': {},
  // In UTF-8 order U+FF5E comes first, in UTF-16 order U+1F511 does.
  'a context': { tenant: 'acme', '\u{1f511}': 'key', '\uff5e': 'tilde', grüße: '\u{1f600}' },
};

/** What the peers tell of a message that they have read. */
const readAs = (encryptionContext) => ({ encryptionContext, suite: '0478' });

// The frame lengths that the peers write; Python only multiples of 128.
const PEERS = { python: [128, 4096, FRAME], javascript: [1, 100, 4096, FRAME] };

const folder = temporaryFolder();
let files = 0;
const newPath = () => path.join(folder, String(++files));

for (const [name, frameLengths] of Object.entries(PEERS)) {
  describe(`the Encryption SDK for ${name}`, { skip: skipWithout('python', 'peers') }, () => {
    const keys = { 'AES-128': rawAes(16), 'AES-192': rawAes(24), 'AES-256': rawAes(32) };
    let moto;
    let peer;

    before(async () => {
      peer = startPeer(name);
      moto = await startMoto();
      const { arn } = await moto.createKey({ region: 'eu-central-1' });
      const { endpoint } = moto;
      keys.KMS = {
        ours: new AwsKmsKeyring({ keyId: arn, endpoint }),
        theirs: { type: 'aws-kms', keyArn: arn, endpoint },
      };
    });
    after(() => Promise.all([moto?.stop(), peer?.stop()]));

    for (const key of ['AES-256', 'KMS']) {
      for (const [kind, encryptionContext] of Object.entries(CONTEXTS)) {
        it(`reads what we write under ${key} with ${kind}`, async () => {
          const envelope = new Envelope({ keyring: keys[key].ours });
          for (const length of [0, 1, FRAME - 1, FRAME, FRAME + 1, 5 * MIB]) {
            const plaintext = crypto.randomBytes(length);
            const message = await envelope.encrypt(plaintext, { encryptionContext });
            const { result, ...read } = await decryptByPeer(keys[key].theirs, message);
            same(result, plaintext);
            assert.deepEqual(read, readAs(encryptionContext));
          }
        });
      }
    }

    for (const frameLength of [1, 100, 4096, MIB]) {
      it(`reads what we write in frames of ${frameLength} bytes`, async () => {
        const { ours, theirs } = keys['AES-256'];
        const envelope = new Envelope({ keyring: ours, frameLength });
        for (const length of lengths(frameLength)) {
          const plaintext = crypto.randomBytes(length);
          for (const message of [
            await envelope.encrypt(plaintext),
            envelope.encryptSync(plaintext),
          ]) {
            const { result, ...read } = await decryptByPeer(theirs, message);
            same(result, plaintext);
            assert.deepEqual(read, readAs({}));
          }
        }
      });
    }

    it('reads what we write under a local key, given to it as a raw AES key, and writes so', async () => {
      const file = newPath();
      const envelope = new Envelope({ keyring: LocalKeyring.generate(file) });
      const lastLine = fs.readFileSync(file, 'utf8').trimEnd().split('\n').at(-1);
      const [format, keyName, hex] = lastLine.split(' ');
      assert.equal(format, 'kms-envelope-key-1');
      const theirs = rawAesSpec('kms-envelope-local', keyName, Buffer.from(hex, 'hex'));
      const encryptionContext = CONTEXTS['a context'];
      const plaintext = crypto.randomBytes(1000);
      const message = await envelope.encrypt(plaintext, { encryptionContext });
      const { result, ...read } = await decryptByPeer(theirs, message);
      same(result, plaintext);
      assert.deepEqual(read, readAs(encryptionContext));
      const back = await encryptByPeer(theirs, { plaintext, encryptionContext });
      same(await envelope.decrypt(back), plaintext);
    });

    for (const key of ['AES-128', 'AES-192', 'AES-256', 'KMS']) {
      for (const frameLength of frameLengths) {
        it(`writes what we read under ${key} in frames of ${frameLength} bytes`, async () => {
          const { ours, theirs } = keys[key];
          const envelope = new Envelope({ keyring: ours });
          for (const [i, length] of lengths(frameLength).entries()) {
            const plaintext = crypto.randomBytes(length);
            const encryptionContext = Object.values(CONTEXTS)[i % 2];
            const message = await encryptByPeer(theirs, {
              plaintext,
              encryptionContext,
              frameLength,
            });
            same(await envelope.decrypt(message, { encryptionContext }), plaintext);
            if (key !== 'KMS') same(envelope.decryptSync(message), plaintext);
            const { header, ...whole } = await envelope.decryptMessage(message);
            same(whole.plaintext, plaintext);
            assert.deepEqual(header.encryptionContext, encryptionContext);
            assert.equal(header.frameLength, frameLength);
            assert.equal(header.algorithmSuite.id, 0x0478);
          }
        });
      }
    }

    // Python alone writes them.
    if (name === 'python') {
      it('writes what we read without frames', async () => {
        const { ours, theirs } = keys['AES-256'];
        const envelope = new Envelope({ keyring: ours });
        for (const length of [0, 1, FRAME, 5 * MIB]) {
          const plaintext = crypto.randomBytes(length);
          const message = await encryptByPeer(theirs, { plaintext, frameLength: 0 });
          const { header, ...whole } = await envelope.decryptMessage(message);
          same(whole.plaintext, plaintext);
          assert.equal(header.contentType, 'non-framed');
          same(envelope.decryptSync(message), plaintext);
        }
      });
    }

    /** Returns what the peer says of a message that it decrypts, with the plaintext as `result`. */
    async function decryptByPeer(keyring, message) {
      const [messageFile, outFile] = [newPath(), newPath()];
      fs.writeFileSync(messageFile, message);
      const read = await peer.decrypt({ keyring, messageFile, outFile });
      return { ...read, result: fs.readFileSync(outFile) };
    }

    /** Returns the message that the peer writes. */
    async function encryptByPeer(keyring, { plaintext, ...options }) {
      const [plaintextFile, outFile] = [newPath(), newPath()];
      fs.writeFileSync(plaintextFile, plaintext);
      await peer.encrypt({ keyring, suite: '0478', ...options, plaintextFile, outFile });
      return fs.readFileSync(outFile);
    }
  });
}

/** The lengths around the ends of the first frames. */
function lengths(frameLength) {
  const all = [0, 1, frameLength - 1, frameLength, frameLength + 1, 3 * frameLength + 1];
  return [...new Set(all)];
}

/** A raw AES key, as our keyring and as the peers' description. */
function rawAes(bytes) {
  const wrappingKey = crypto.randomBytes(bytes);
  const [keyNamespace, keyName] = ['tests', `key of ${bytes} bytes`];
  return {
    ours: new RawAesKeyring({ keyNamespace, keyName, wrappingKey }),
    theirs: rawAesSpec(keyNamespace, keyName, wrappingKey),
  };
}

function rawAesSpec(namespace, name, key) {
  return { type: 'raw-aes', namespace, name, wrappingKey: key.toString('base64') };
}
