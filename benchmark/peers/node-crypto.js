'use strict';

const crypto = require('node:crypto');
const { KEY } = require('../lib/keys');

const CIPHER = 'aes-256-gcm';
const IV = 12;
const TAG = 16;

/** What a program writes by hand at least: AES-256-GCM over all of it, nothing else. */
const single = {
  encrypt(data) {
    const iv = crypto.randomBytes(IV);
    const cipher = crypto.createCipheriv(CIPHER, KEY.bytes, iv);
    const ciphertext = cipher.update(data);
    cipher.final();
    // Not joined: at best a program stores the three as they are.
    return { iv, ciphertext, tag: cipher.getAuthTag() };
  },
  decrypt({ iv, ciphertext, tag }) {
    const decipher = crypto.createDecipheriv(CIPHER, KEY.bytes, iv, { authTagLength: TAG });
    decipher.setAuthTag(tag);
    const plaintext = decipher.update(ciphertext);
    decipher.final();
    return plaintext;
  },
};

module.exports = { CIPHER, IV, TAG, single };
