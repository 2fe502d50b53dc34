'use strict';

const { Envelope, RawAesKeyring } = require('../..');
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

function keyring() {
  return new RawAesKeyring({
    keyNamespace: KEY.namespace,
    keyName: KEY.name,
    wrappingKey: KEY.bytes,
  });
}

module.exports = { envelope, warmEnvelope };
