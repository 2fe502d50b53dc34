'use strict';

/** @type {import('..').Group} */
module.exports = {
  summary: 'Read, write and migrate objects of the Amazon S3 Encryption Clients',
  details: `They go through @aws-sdk/client-s3, which you install; Region, credentials and
endpoint come from where every AWS SDK takes them. --key is a KMS key,
local:PATH, or the AES or RSA key that other clients use: aes:PATH, rsa:PATH.
`,
  commands: {
    get: () => require('./get.js'),
    put: () => require('./put.js'),
    inspect: () => require('./inspect.js'),
    migrate: () => require('./migrate.js'),
  },
};
