'use strict';

const { BranchKeyStoreNode } = require('@aws-crypto/branch-keystore-node');
const {
  CommitmentPolicy,
  KmsHierarchicalKeyRingNode,
  buildClient,
} = require('@aws-crypto/client-node');
const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');
const { KMSClient } = require('@aws-sdk/client-kms');
const { CONTEXT, FRAME_LENGTH, SUITE } = require('../lib/keys');

const CACHED_SECONDS = 86_400;

/**
 * Returns the Encryption SDK for JavaScript under a branch key, with our suite and frames.
 *
 * @param {{ tableName: string, logicalName: string, branchKeyId: string, kmsKeyId: string, endpoint: string }} place
 */
function clientNodeOfBranchKey({ tableName, logicalName, branchKeyId, kmsKeyId, endpoint }) {
  const client = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const keyStore = new BranchKeyStoreNode({
    storage: { ddbTableName: tableName, ddbClient: new DynamoDBClient({ endpoint }) },
    logicalKeyStoreName: logicalName,
    kmsConfiguration: { identifier: kmsKeyId },
    keyManagement: { kmsClient: new KMSClient({ endpoint }) },
  });
  const keyring = new KmsHierarchicalKeyRingNode({
    branchKeyId,
    keyStore,
    cacheLimitTtl: CACHED_SECONDS,
    utf8Sorting: true,
  });
  const options = { encryptionContext: CONTEXT, suiteId: SUITE, frameLength: FRAME_LENGTH };
  return {
    encrypt: async (data) => (await client.encrypt(keyring, data, options)).result,
    decrypt: async (message) => (await client.decrypt(keyring, message)).plaintext,
  };
}

module.exports = { clientNodeOfBranchKey };
