'use strict';

const path = require('node:path');
const { startChild } = require('./child');
const { PEERS, S3_CLIENT } = require('./requirements');

/**
 * Starts AWS's S3 Encryption Client for Python as a process that does jobs, one after the other;
 * `__test__/peers/s3_peer.py` lists what a job has.
 *
 * @param {string} endpoint of S3 and KMS
 * @param {string} bucket
 */
function startS3Peer(endpoint, bucket) {
  const child = startChild(S3_CLIENT, [path.join(PEERS, 's3_peer.py'), endpoint, bucket]);
  return {
    /** Resolves to the result of a job; rejects where the client refuses. */
    async run(job) {
      child.write(job);
      const { error, ...result } = await child.read();
      if (error !== undefined) throw new Error(error);
      return result;
    },
    stop: () => child.stop(),
  };
}

module.exports = { startS3Peer };
