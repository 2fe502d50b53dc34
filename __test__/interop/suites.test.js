'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { after, before, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope, RawAesKeyring, RawRsaKeyring } = require('../..');
const { same } = require('../support/files');
const { startMoto } = require('../support/moto');
const { startPeer } = require('../support/peers');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { cut, through } = require('../support/streams');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const UNSIGNED = ['0014', '0046', '0078', '0114', '0146', '0178', '0478'];
const SIGNED = ['0214', '0346', '0378', '0578'];
const PADDINGS = ['pkcs1', 'oaep-sha1', 'oaep-sha256', 'oaep-sha384', 'oaep-sha512'];
// In UTF-8 order U+FF5E comes first, in UTF-16 order U+1F511 does.
const encryptionContext = { tenant: 'acme', '\u{1f511}': 'key', '\uff5e': 'tilde' };
const FRAME = 256;
/** What the Encryption SDK for Python says where other pairs authenticate the data key than it knows. */
const OTHER_PAIRS = /unable to decrypt any encrypted data key/;

const needs = { skip: skipWithout('python', 'peers') };

for (const name of ['python', 'javascript']) {
  describe(`the Encryption SDK for ${name} and each suite`, needs, () => {
    const keys = { 'raw AES': rawAes(), 'raw RSA': rawRsa('oaep-sha256') };
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

    for (const suite of [...UNSIGNED, ...SIGNED]) {
      for (const key of ['raw AES', 'raw RSA', 'KMS']) {
        it(`reads what we write, and writes what we read: 0x${suite} under ${key}`, async () => {
          for (const length of [0, 1, FRAME - 1, FRAME, FRAME + 1, 5 * FRAME]) {
            const plaintext = crypto.randomBytes(length);
            const { readByPeer, readByUs } = await exchange(keys[key], suite, plaintext);
            assert.equal(readByPeer.suite, suite);
            same(readByPeer.result, plaintext);
            assert.equal(readByUs.header.algorithmSuite.id, parseInt(suite, 16));
            same(readByUs.plaintext, plaintext);
            same(readByUs.streamed, plaintext);
          }
        });
      }
    }

    for (const padding of PADDINGS) {
      it(`reads what we write, and writes what we read: raw RSA with ${padding}`, async () => {
        const plaintext = Buffer.from('hello');
        const { readByPeer, readByUs } = await exchange(rawRsa(padding), '0478', plaintext);
        same(readByPeer.result, plaintext);
        same(readByUs.plaintext, plaintext);
        same(readByUs.streamed, plaintext);
      });
    }

    /** Returns what the peer reads in our message, and what we read in the peer's, whole and streamed. */
    async function exchange({ ours, theirs }, suite, plaintext) {
      const id = parseInt(suite, 16);
      const writer = new Envelope({
        keyring: ours,
        algorithmSuite: id,
        commitmentPolicy: id < 0x0400 ? 'forbidEncryptAllowDecrypt' : undefined,
        frameLength: FRAME,
      });
      const reader = new Envelope({
        keyring: ours,
        commitmentPolicy: 'requireEncryptAllowDecrypt',
      });

      const written = await writer.encrypt(plaintext, { encryptionContext });
      const readByPeer = await peer.decrypt({ keyring: theirs, message: written });

      const options = { suite, encryptionContext, frameLength: FRAME };
      const { result: message } = await peer.encrypt({ keyring: theirs, plaintext, ...options });
      const read = await reader.decryptMessage(message, { encryptionContext });
      const signed = 'release-before-verified';
      const { output, error } = await through(reader.decryptStream({ signed }), cut(message, 100));
      if (error) throw error;
      return { readByPeer, readByUs: { ...read, streamed: output } };
    }
  });
}

// The Encryption SDK for JavaScript has no required context keys.
describe('the Encryption SDK for python and required context keys', needs, () => {
  const { ours, theirs } = rawAes();
  const plaintext = crypto.randomBytes(1000);
  const requiredContextKeys = ['tenant', '\uff5e'];
  const request = { keyring: theirs, encryptionContext, requiredContextKeys };
  let peer;

  before(() => (peer = startPeer('python')));
  after(() => peer?.stop());

  for (const suite of ['0478', '0578']) {
    const algorithmSuite = parseInt(suite, 16);
    const envelope = new Envelope({ keyring: ours, requiredContextKeys, algorithmSuite });

    it(`reads what we write with the same pairs only: 0x${suite}`, async () => {
      const message = await envelope.encrypt(plaintext, { encryptionContext });
      same((await peer.decrypt({ ...request, message })).result, plaintext);
      await assert.rejects(peer.decrypt({ keyring: theirs, message }), OTHER_PAIRS);
      const wrong = { ...request, encryptionContext: { ...encryptionContext, tenant: 'other' } };
      await assert.rejects(peer.decrypt({ ...wrong, message }), OTHER_PAIRS);
    });

    it(`writes what we read with the same pairs only: 0x${suite}`, async () => {
      const { result: message } = await peer.encrypt({ ...request, suite, plaintext });
      same(await envelope.decrypt(message, { encryptionContext }), plaintext);
      const wrong = { encryptionContext: { ...encryptionContext, tenant: 'other' } };
      await rejection(envelope.decrypt(message, wrong), 'NO_USABLE_KEY');
      await rejection(envelope.decrypt(message), 'INVALID_ARGUMENT');
    });
  }
});

function rawAes() {
  const [keyNamespace, keyName, wrappingKey] = ['tests', 'aes', crypto.randomBytes(32)];
  return {
    ours: new RawAesKeyring({ keyNamespace, keyName, wrappingKey }),
    theirs: {
      type: 'raw-aes',
      namespace: keyNamespace,
      name: keyName,
      wrappingKey: wrappingKey.toString('base64'),
    },
  };
}

function rawRsa(padding) {
  const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const [keyNamespace, keyName] = ['tests', 'rsa'];
  const pair = { publicKey, privateKey, padding };
  return {
    ours: new RawRsaKeyring({ keyNamespace, keyName, ...pair }),
    theirs: { type: 'raw-rsa', namespace: keyNamespace, name: keyName, ...pair },
  };
}
