'use strict';

const { startMoto } = require('../../__test__/support/moto');
const { startPeer } = require('../../__test__/support/peers');
const { isInstalled } = require('../../__test__/support/requirements');

/**
 * Starts moto as KMS, and AWS's Encryption SDKs as peers, as far as they are installed.
 *
 * @param {boolean} wanted whether to start anything
 */
async function startServices(wanted) {
  const python = wanted && isInstalled('python');
  const javascript = wanted && isInstalled('peers');
  const peers = {
    ...(python ? { python: startPeer('python') } : {}),
    ...(javascript ? { javascript: startPeer('javascript') } : {}),
  };
  const moto = python ? await startMoto() : undefined;
  const kms = moto && (await makeKmsKey(moto));
  return {
    peers,
    kms,
    names: [...Object.keys(peers), ...(moto ? ['moto'] : [])],
    stop: () => Promise.all([...Object.values(peers), moto].map((process) => process?.stop())),
  };
}

async function makeKmsKey(moto) {
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
  process.env.AWS_REGION = 'us-east-1';
  const { arn } = await moto.createKey({ region: 'eu-central-1' });
  return { endpoint: moto.endpoint, arn };
}

module.exports = { startServices };
