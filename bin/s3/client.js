'use strict';

const { missingPeer, peer } = require('../databases/peer.js');
const { s3Failure } = require('./failure.js');

const PACKAGE = '@aws-sdk/client-s3';

/**
 * Lends a client of S3 for as long as `use` takes. Its module is the user's own: that of the folder that the
 * command runs in, or else one beside this package.
 *
 * @template T
 * @param {string} address of the object, for errors
 * @param {(s3: {
 *   client: any, sdk: any, EncryptedS3: typeof import('../../integrations/s3').EncryptedS3,
 * }) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withS3(address, use) {
  const sdk = peer(PACKAGE) ?? besideUs();
  if (sdk === undefined) throw missingPeer(PACKAGE, '');
  require('../../integrations/s3/commands.js').useS3Commands(sdk);
  const { EncryptedS3 } = require('../../integrations/s3');
  // It would stand amid our own lines, which a program may read.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const client = new sdk.S3Client();
  try {
    return await use({ client, sdk, EncryptedS3 });
  } catch (error) {
    throw s3Failure(error, address);
  } finally {
    client.destroy();
  }
}

/** @returns {any} */
function besideUs() {
  try {
    // @ts-ignore: it is not installed here
    return require('@aws-sdk/client-s3');
  } catch {
    return undefined;
  }
}

module.exports = { withS3 };
