'use strict';

const { EnvelopeError } = require('./lib/errors.js');
const { Envelope } = require('./lib/envelope.js');
const { Fields } = require('./lib/fields/fields.js');
const { Keyset } = require('./lib/fields/keyset.js');
const {
  DynamoDbKeysetStore,
  FolderKeysetStore,
  SqlKeysetStore,
} = require('./lib/fields/stores.js');
const { inspect } = require('./lib/header.js');
const {
  AwsKmsKeyring,
  CustomKeyring,
  LocalKeyring,
  MultiKeyring,
  RawAesKeyring,
  RawRsaKeyring,
} = require('./lib/keyrings/index.js');
const functions = require('./lib/functions.js');

const { decrypt, decryptDataKey, decryptStream, encrypt, encryptStream, generateDataKey } =
  functions;

module.exports = {
  AwsKmsKeyring,
  CustomKeyring,
  DynamoDbKeysetStore,
  Envelope,
  EnvelopeError,
  Fields,
  FolderKeysetStore,
  Keyset,
  LocalKeyring,
  MultiKeyring,
  RawAesKeyring,
  RawRsaKeyring,
  SqlKeysetStore,
  decrypt,
  decryptDataKey,
  decryptStream,
  encrypt,
  encryptStream,
  generateDataKey,
  inspect,
};
