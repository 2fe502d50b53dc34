'use strict';

const { encryptedColumns } = require('./declare.js');
const { encryptDrizzle } = require('./attach.js');

module.exports = { encryptDrizzle, encryptedColumns };
