'use strict';

const { encryptedDiskStorage } = require('./disk.js');
const { encryptedS3Storage } = require('./s3.js');

module.exports = { encryptedDiskStorage, encryptedS3Storage };
