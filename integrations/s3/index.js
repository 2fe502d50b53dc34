'use strict';

const { decryptS3Object } = require('../../lib/s3-objects/read.js');
const { encryptS3Object } = require('../../lib/s3-objects/write.js');
const { EncryptedS3 } = require('./encrypted-s3.js');

module.exports = { EncryptedS3, decryptS3Object, encryptS3Object };
