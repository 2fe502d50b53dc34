'use strict';

const { envelopeErrors } = require('./errors.js');
const { decryptedFile } = require('./decrypted-file.js');

module.exports = { decryptedFile, envelopeErrors };
