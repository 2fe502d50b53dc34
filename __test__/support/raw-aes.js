'use strict';

const { randomBytes } = require('node:crypto');
const { RawAesKeyring } = require('../..');

/** Returns a keyring of a raw AES key: by default a random one of 256 bits. */
function rawAes(keyName = 'key', wrappingKey = randomBytes(32)) {
  return new RawAesKeyring({ keyNamespace: 'tests', keyName, wrappingKey });
}

module.exports = { rawAes };
