'use strict';

const { DEFAULT_REGION, startMoto } = require('../../__test__/support/moto');

/**
 * Runs moto as KMS for the time of some work.
 *
 * @template T
 * @param {(kms: { keyArn: string, endpoint: string, env: NodeJS.ProcessEnv }) => Promise<T>} work
 *   `env`: the credentials that both SDKs take from the environment
 * @returns {Promise<T>}
 */
async function withKms(work) {
  const moto = await startMoto();
  try {
    const { arn } = await moto.createKey();
    const env = {
      AWS_ACCESS_KEY_ID: 'benchmark',
      AWS_SECRET_ACCESS_KEY: 'benchmark',
      AWS_REGION: DEFAULT_REGION,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    return await work({ keyArn: arn, endpoint: moto.endpoint, env });
  } finally {
    await moto.stop();
  }
}

module.exports = { withKms };
