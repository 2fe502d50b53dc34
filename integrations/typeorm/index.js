'use strict';

const { EncryptedColumn, encryptedColumn } = require('./declare.js');
const { encryptDataSource } = require('./attach.js');

module.exports = { EncryptedColumn, encryptDataSource, encryptedColumn };
