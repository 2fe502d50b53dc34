'use strict';

const assert = require('node:assert/strict');

const { AwsKmsKeyring, Envelope } = require('../..');
const { startMoto } = require('./moto');

/** A secret access key, as AWS documents one. */
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

/** Returns access keys with this id; `more` adds fields, or replaces them. */
function keys(accessKeyId, more = {}) {
  return { accessKeyId, secretAccessKey: SECRET, ...more };
}

/** Returns the time that is this many seconds from now. */
function inSeconds(seconds) {
  return new Date(Date.now() + 1000 * seconds);
}

/**
 * Starts a KMS with one key, and puts other credentials than those of `keys` into the environment.
 *
 * `callers` returns who called what: `ACCESS_KEY_ID Operation` of each call since `clear`.
 */
async function startCallersKms() {
  const moto = await startMoto();
  const key = await moto.createKey({ region: 'eu-west-1' });
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIDENVIRONMENT',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_KMS: moto.endpoint,
  });
  return {
    moto,
    key,
    clear: () => moto.clearRequests(),
    stop: () => moto.stop(),
    async callers() {
      const requests = await moto.requests();
      return requests.map(
        ({ accessKeyId, target }) => `${accessKeyId} ${target.split('.').at(-1)}`,
      );
    },
    envelopeOf(credentials, options = {}) {
      return new Envelope({
        keyring: new AwsKmsKeyring({ keyId: key.arn, credentials, ...options }),
      });
    },
  };
}

/** Encrypts with one envelope, decrypts with the other, and compares. */
async function roundTrip(envelope, reader = envelope) {
  const message = await envelope.encrypt('x');
  assert.equal(String(await reader.decrypt(message)), 'x');
}

module.exports = { SECRET, inSeconds, keys, roundTrip, startCallersKms };
