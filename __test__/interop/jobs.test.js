'use strict';

// What the vectors list to be encrypted, for the Encryption SDKs to read.

const assert = require('node:assert/strict');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');

const { Envelope, inspect } = require('../..');
const { startMoto } = require('../support/moto');
const { startPeer } = require('../support/peers');
const { skipWithout } = require('../support/requirements');
const { SHARED, bytes, json, keyringOf, present } = require('../support/vectors');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const NUMBER = 173;
/** The longest frame that the Encryption SDK for Python reads; the format has frames twice as long. */
const LONGEST_FOR_PYTHON = 2 ** 31 - 1;

describe('messages of the vectors’ jobs', { skip: skipWithout('python', 'peers') }, () => {
  let moto;
  const peers = {};
  before(async () => {
    moto = await startMoto({ keys: path.join(SHARED, 'keys.json') }).catch(() => undefined);
    for (const name of ['python', 'javascript']) peers[name] = startPeer(name);
  });
  after(() => Promise.all([moto, ...Object.values(peers)].map((server) => server?.stop())));

  it('are read by the Encryption SDKs for Python and JavaScript', async (t) => {
    if (!present(t)) return;
    const { jobs } = json(SHARED, 'jobs');
    const { keys } = json(SHARED, 'keys');
    assert.equal(jobs.length, NUMBER);
    const counts = { read: 0, refused: 0 };
    for (const job of jobs) {
      const plaintext = bytes(SHARED, job, 'plaintext');
      const message = await encryptByUs(job, plaintext, keys);
      const keyring = peerKeyring(job.decrypt_keyring ?? job.keyring, keys, message);
      for (const [name, peer] of Object.entries(peers)) {
        if (name === 'python' && job.frame_length > LONGEST_FOR_PYTHON) {
          await assert.rejects(peer.decrypt({ keyring, message }), /frame length larger/);
          counts.refused++;
          continue;
        }
        const read = await peer.decrypt({ keyring, message });
        assert.ok(plaintext.equals(read.result), `${job.id}, ${name}`);
        const { 'aws-crypto-public-key': _, ...context } = read.encryptionContext;
        assert.deepEqual(context, job.encryption_context, `${job.id}, ${name}`);
        counts.read++;
      }
    }
    t.diagnostic(`${JSON.stringify(counts)}, none skipped`);
    assert.deepEqual(counts, { read: 2 * NUMBER - 6, refused: 6 });
  });

  function encryptByUs({ keyring, suite, frame_length: frameLength, ...job }, plaintext, keys) {
    const algorithmSuite = parseInt(suite, 16);
    const commitmentPolicy = algorithmSuite < 0x0400 ? 'forbidEncryptAllowDecrypt' : undefined;
    const ours = keyringOf(keyring, keys, moto.endpoint);
    const envelope = new Envelope({ keyring: ours, algorithmSuite, commitmentPolicy, frameLength });
    return envelope.encrypt(plaintext, { encryptionContext: job.encryption_context });
  }

  /** Returns a keyring of the vectors in the form that the peers take. */
  function peerKeyring(keyring, keys, message) {
    const { type, namespace, name, padding } = keyring;
    const key = keys[keyring.key];
    const { endpoint } = moto;
    switch (type) {
      case 'raw-aes':
        return { type, namespace, name, wrappingKey: base64(key.hex) };
      case 'raw-rsa':
        return {
          ...{ type, namespace, name, padding },
          ...{ publicKey: key.public_pem, privateKey: key.private_pem },
        };
      case 'kms':
        return { type: 'aws-kms', keyArn: key.arn, endpoint };
      case 'kms-discovery':
        return { type: 'aws-kms-discovery', region: regionOf(message), endpoint };
      default: {
        const part = (json) => json && peerKeyring(json, keys, message);
        const children = keyring.children.map(part);
        return { type, generator: part(keyring.generator), children };
      }
    }
  }
});

/** The Region of the first key that a message names. */
function regionOf(message) {
  const [{ keyName }] = inspect(message).encryptedDataKeys;
  return keyName.split(':')[3];
}

function base64(hex) {
  return Buffer.from(hex, 'hex').toString('base64');
}
