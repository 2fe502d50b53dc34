'use strict';

// `growth-process.js`: one of several processes that write messages at the same time. Its parent says how
// many, and is told when they are written.
const crypto = require('node:crypto');

const { envelope } = require('../peers/kms-envelope');
const { CONTEXT, KIB } = require('../lib/keys');

const data = crypto.randomBytes(KIB);
const ours = envelope();
const options = { encryptionContext: CONTEXT };

process.on('message', ({ messages }) => {
  for (let i = 0; i < messages; i++) ours.encryptSync(data, options);
  process.send('done');
});
process.send('ready');
