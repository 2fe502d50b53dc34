'use strict';

const { DEFAULT_REGION, startMoto } = require('../../__test__/support/moto');

/** The credentials that both SDKs take from the environment. */
const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: 'benchmark',
  AWS_SECRET_ACCESS_KEY: 'benchmark',
  AWS_REGION: DEFAULT_REGION,
  AWS_EC2_METADATA_DISABLED: 'true',
};

/**
 * Runs moto as KMS for the time of some work.
 *
 * @template T
 * @param {(kms: { keyArn: string, endpoint: string, env: NodeJS.ProcessEnv }) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withKms(work) {
  const moto = await startMoto();
  try {
    const { arn } = await moto.createKey();
    return await work({ keyArn: arn, endpoint: moto.endpoint, env: ENVIRONMENT });
  } finally {
    await moto.stop();
  }
}

module.exports = { ENVIRONMENT, withKms };
