'use strict';

// Encrypts once, or as often at the same time as the second argument says, and decrypts, as the
// environment says; prints how that went as JSON.
const { AwsKmsKeyring, Envelope } = require('../..');

const options = JSON.parse(process.argv[2] ?? '{}');
const envelope = new Envelope({
  keyring: new AwsKmsKeyring({ keyId: process.env.ENCRYPTION_KEY_ID, ...options }),
});

const times = Number(process.argv[3] ?? 1);
Promise.all(Array.from({ length: times }, () => envelope.encrypt('x')))
  .then(([message]) => envelope.decrypt(message))
  .then(
    (plaintext) => console.log(JSON.stringify({ plaintext: String(plaintext) })),
    ({ code, message, cause }) =>
      console.log(JSON.stringify({ code, message, cause: cause?.message })),
  );
