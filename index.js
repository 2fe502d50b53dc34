// @ts-nocheck __test__/types/implementation.js compares what is exported here with the types.
'use strict';

const { Envelope } = require('./lib/envelope.js');
const { EnvelopeError } = require('./lib/errors.js');
const functions = require('./lib/functions.js');
const keyrings = require('./lib/keyrings/index.js');

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
  inspect,
} = functions;

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
} = keyrings;

module.exports = {
  AwsKmsEcdhKeyring,
  AwsKmsKeyring,
  AwsKmsRsaKeyring,
  CustomKeyring,
  Envelope,
  EnvelopeError,
  HierarchicalKeyring,
  LocalKeyring,
  MultiKeyring,
  RawAesKeyring,
  RawEcdhKeyring,
  RawRsaKeyring,
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
  inspect,
};

// So that `import { Fields }` finds them: Node.js looks for the names in such lines, before it runs this file.
module.exports.BranchKeyStore = module.exports.DynamoDbKeysetStore = undefined;
module.exports.Fields = module.exports.FolderKeysetStore = module.exports.Keyset = undefined;
module.exports.OutputPool = module.exports.SqlKeysetStore = module.exports.fips = undefined;

/** What is loaded when it is first read, by its name: a program that does without it starts sooner. */
const LATER = {
  BranchKeyStore: () => require('./lib/branch-keys/index.js'),
  DynamoDbKeysetStore: () => require('./lib/fields/stores.js'),
  Fields: () => require('./lib/fields/fields.js'),
  FolderKeysetStore: () => require('./lib/fields/folder-store.js'),
  Keyset: () => require('./lib/fields/keyset.js'),
  OutputPool: () => require('./lib/whole/output-pool.js'),
  SqlKeysetStore: () => require('./lib/fields/stores.js'),
  fips: () => require('./lib/native/fips.js'),
};

for (const [name, load] of Object.entries(LATER)) {
  const get = () => load()[name];
  Object.defineProperty(module.exports, name, { configurable: true, enumerable: true, get });
}
