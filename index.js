'use strict';

const { EnvelopeError } = require('./lib/errors.js');
const { BranchKeyStore } = require('./lib/branch-keys/index.js');
const { Envelope } = require('./lib/envelope.js');
const { Fields } = require('./lib/fields/fields.js');
const { FolderKeysetStore } = require('./lib/fields/folder-store.js');
const { Keyset } = require('./lib/fields/keyset.js');
const { DynamoDbKeysetStore, SqlKeysetStore } = require('./lib/fields/stores.js');
const { inspect } = require('./lib/header.js');
const { fips } = require('./lib/native/fips.js');
const {
  AwsKmsEcdhKeyring,
  AwsKmsKeyring,
  AwsKmsRsaKeyring,
  CustomKeyring,
  HierarchicalKeyring,
  LocalKeyring,
  MultiKeyring,
  RawAesKeyring,
  RawEcdhKeyring,
  RawRsaKeyring,
} = require('./lib/keyrings/index.js');
const { OutputPool } = require('./lib/whole/output-pool.js');
const functions = require('./lib/functions.js');

const {
  decrypt,
  decryptDataKey,
  decryptJson,
  decryptStream,
  decryptText,
  encrypt,
  encryptJson,
  encryptStream,
  encryptText,
  generateDataKey,
} = functions;

module.exports = {
  AwsKmsEcdhKeyring,
  AwsKmsKeyring,
  AwsKmsRsaKeyring,
  BranchKeyStore,
  CustomKeyring,
  DynamoDbKeysetStore,
  Envelope,
  EnvelopeError,
  Fields,
  FolderKeysetStore,
  Keyset,
  HierarchicalKeyring,
  LocalKeyring,
  MultiKeyring,
  OutputPool,
  RawAesKeyring,
  RawEcdhKeyring,
  RawRsaKeyring,
  SqlKeysetStore,
  decrypt,
  decryptDataKey,
  decryptJson,
  decryptStream,
  decryptText,
  encrypt,
  encryptJson,
  encryptStream,
  encryptText,
  fips,
  generateDataKey,
  inspect,
};
