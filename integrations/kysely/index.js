'use strict';

const { encryptedTables } = require('./plugin.js');

module.exports = { encryptedTables };
