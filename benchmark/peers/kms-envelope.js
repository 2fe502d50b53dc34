'use strict';

const { Envelope, OutputPool, RawAesKeyring } = require('../..');
const { KEY } = require('../lib/keys');

/** Returns an envelope under the key of the benchmarks. */
function envelope(options = {}) {
  return new Envelope({ keyring: keyring(), ...options });
}

/** The same with a data key in its cache, within limits that no benchmark reaches. */
async function warmEnvelope(encryptionContext, options = {}) {
  const cache = { maxAgeMs: 86_400_000, maxMessages: 2 ** 32, maxBytes: Number.MAX_SAFE_INTEGER };
  const warm = envelope({ cache, ...options });
  await warm.warm({ encryptionContext });
  return warm;
}

/**
 * Returns a party whose outputs take memory of one pool. Each gives its memory back when the next one begins: until
 * then its caller can read it.
 *
 * @param {Record<'encrypt' | 'decrypt', (input: any, into: object) => Promise<Buffer>>} calls
 */
function pooled({ encrypt, decrypt }) {
  const outputs = new OutputPool();
  let output;
  const next = () => {
    output?.release();
    output = outputs.acquire();
    return output;
  };
  return {
    encrypt: (data) => encrypt(data, next()),
    decrypt: (message) => decrypt(message, next()),
  };
}

function keyring() {
  return new RawAesKeyring({
    keyNamespace: KEY.namespace,
    keyName: KEY.name,
    wrappingKey: KEY.bytes,
  });
}

module.exports = { envelope, pooled, warmEnvelope };
