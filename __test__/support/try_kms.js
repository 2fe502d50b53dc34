'use strict';

// Encrypts once, or as often at the same time as the second argument says, and decrypts, as the
// environment and the options say, with the keyring of the option `reader` if there is one; prints
// how that went as JSON.
const { AwsKmsKeyring, Envelope } = require('../..');

const { reader, ...options } = JSON.parse(process.argv[2] ?? '{}');
const using = (given) => new Envelope({ keyring: new AwsKmsKeyring(given) });
const envelope = using({ keyId: process.env.ENCRYPTION_KEY_ID, ...options });

const times = Number(process.argv[3] ?? 1);
Promise.all(Array.from({ length: times }, () => envelope.encrypt('x')))
  .then(([message]) => (reader ? using(reader) : envelope).decrypt(message))
  .then(
    (plaintext) => console.log(JSON.stringify({ plaintext: String(plaintext) })),
    ({ code, message, cause }) =>
      console.log(JSON.stringify({ code, message, cause: cause?.message })),
  );
