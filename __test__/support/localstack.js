'use strict';

const path = require('node:path');
const { startChild } = require('./child');
const { callKms } = require('./moto');
const { LOCALSTACK } = require('./requirements');

/** The variable with the endpoint of a LocalStack that several test files share. */
const SHARED_LOCALSTACK = 'KMS_ENVELOPE_TEST_LOCALSTACK';

/**
 * Starts LocalStack's KMS on 127.0.0.1, whose keys have all the states and kinds of AWS's; or takes the one
 * that `SHARED_LOCALSTACK` names. Each test makes keys of its own.
 */
async function startLocalStack() {
  const shared = process.env[SHARED_LOCALSTACK];
  const { endpoint, stop } = shared ? { endpoint: shared, stop() {} } : await startProcess();
  return {
    endpoint,
    /** One KMS call, e.g. kms('DisableKey', { KeyId }); the answer's body. */
    kms: (target, body, options) => callKms(endpoint, target, body, options),
    stop,
  };
}

async function startProcess() {
  const child = startChild(LOCALSTACK, [path.join(__dirname, 'localstack_server.py')]);
  const { endpoint } = await child.read();
  return { endpoint, stop: () => child.stop() };
}

module.exports = { SHARED_LOCALSTACK, startLocalStack };
