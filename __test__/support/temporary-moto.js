'use strict';

const { after, before } = require('node:test');
const { AwsKmsKeyring } = require('../..');
const { startMoto } = require('./moto');

/**
 * Returns what `startMoto` does, for the tests of the suite that calls it: moto runs before they do, and stops
 * at the end. Its properties are set when the tests run, and in each `before` that comes after this call.
 *
 * @param {Parameters<typeof startMoto>[0]} [options]
 * @returns {Awaited<ReturnType<typeof startMoto>>}
 */
function temporaryMoto(options) {
  const moto = {};
  before(async () => void Object.assign(moto, await startMoto(options)));
  after(() => moto.stop?.());
  return moto;
}

/** Returns a keyring of a KMS key that moto makes for it. */
async function newKeyring(moto) {
  const { arn } = await moto.createKey();
  return new AwsKmsKeyring({ keyId: arn, endpoint: moto.endpoint });
}

module.exports = { newKeyring, temporaryMoto };
