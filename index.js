'use strict';

const { EnvelopeError } = require('./lib/errors.js');
const { Envelope } = require('./lib/envelope.js');
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
  Envelope,
  EnvelopeError,
  LocalKeyring,
  MultiKeyring,
  RawAesKeyring,
  RawRsaKeyring,
  decrypt,
  decryptDataKey,
  decryptStream,
  encrypt,
  encryptStream,
  generateDataKey,
  inspect,
};
