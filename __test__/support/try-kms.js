'use strict';

// Encrypts once, or as often at the same time as the second argument says, and decrypts, as the
// environment and the options say, with the keyring of the option `reader` if there is one; prints
// how that went as JSON.
const { AwsKmsKeyring, Envelope } = require('../..');

const { reader, ...options } = JSON.parse(process.argv[2] ?? '{}');
const times = Number(process.argv[3] ?? 1);
const using = (options) => new Envelope({ keyring: new AwsKmsKeyring(options) });
let envelope;

run().then(
  (plaintext) => console.log(JSON.stringify({ plaintext: String(plaintext) })),
  ({ code, message, cause, retryable }) =>
    console.log(
      JSON.stringify({
        code,
        message,
        cause: cause?.message,
        retryable,
        calls: envelope?.stats().keyService.calls,
      }),
    ),
);

async function run() {
  envelope = using({ keyId: process.env.ENCRYPTION_KEY_ID, ...options });
  const [message] = await Promise.all(Array.from({ length: times }, () => envelope.encrypt('x')));
  return (reader ? using(reader) : envelope).decrypt(message);
}
