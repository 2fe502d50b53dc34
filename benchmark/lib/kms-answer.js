'use strict';

/** The answer of KMS to GenerateDataKey, as the API reference describes it; the blob is as long as KMS's. */
const KMS_ANSWER = {
  CiphertextBlob: Buffer.alloc(184, 0x5a).toString('base64'),
  Plaintext: Buffer.alloc(32, 0xa5).toString('base64'),
  KeyId: 'arn:aws:kms:us-east-1:123456789012:key/3fb0f1b6-5f2c-4d3c-8d2d-6a4e4f1e9c3a',
  KeyMaterialId: '9f'.repeat(32),
};

module.exports = { KMS_ANSWER };
