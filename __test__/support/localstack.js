'use strict';

const path = require('node:path');
const { startChild } = require('./child');
const { callKms } = require('./moto');
const { LOCALSTACK } = require('./requirements');

/** Starts LocalStack's KMS on 127.0.0.1, whose keys have all the states and kinds of AWS's. */
async function startLocalStack() {
  const child = startChild(LOCALSTACK, [path.join(__dirname, 'localstack_server.py')]);
  const { endpoint } = await child.read();
  return {
    endpoint,
    /** One KMS call, e.g. kms('DisableKey', { KeyId }); the answer's body. */
    kms: (target, body, options) => callKms(endpoint, target, body, options),
    stop: () => child.stop(),
  };
}

module.exports = { startLocalStack };
