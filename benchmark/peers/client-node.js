'use strict';

const {
  CommitmentPolicy,
  NodeCachingMaterialsManager,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
  buildClient,
  getLocalCryptographicMaterialsCache,
} = require('@aws-crypto/client-node');
const { CONTEXT, FRAME_LENGTH, KEY, SIGNED_SUITE, SUITE } = require('../lib/keys');

/** How the Encryption SDK for JavaScript is asked to write: as it does by itself, or as we do. */
const WRITES = {
  defaults: {},
  'our suite, 4 KiB frames': { suiteId: SUITE },
  'our suite, 64 KiB frames': { suiteId: SUITE, frameLength: FRAME_LENGTH },
  'signed, 64 KiB frames': { suiteId: SIGNED_SUITE, frameLength: FRAME_LENGTH },
};

/**
 * Returns the Encryption SDK for JavaScript under the key of the benchmarks.
 *
 * @param {keyof typeof WRITES} writes
 * @param {{ cached?: boolean }} [options] cached: with its caching materials manager, whose data key
 *   every message shares
 */
function clientNode(writes, { cached = false } = {}) {
  const client = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const keys = cached ? cachingManager() : keyring();
  const options = { encryptionContext: CONTEXT, ...WRITES[writes] };
  return {
    encrypt: async (data) => {
      // Only so may the caching manager share a data key: it counts bytes before it encrypts.
      const { result } = await client.encrypt(keys, data, {
        ...options,
        plaintextLength: data.length,
      });
      return result;
    },
    decrypt: async (message) => (await client.decrypt(keys, message)).plaintext,
    encryptStream: () => client.encryptStream(keys, options),
    decryptStream: () => client.decryptStream(keys),
  };
}

function keyring() {
  return new RawAesKeyringNode({
    keyNamespace: KEY.namespace,
    keyName: KEY.name,
    unencryptedMasterKey: Uint8Array.from(KEY.bytes),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
    // Every other Encryption SDK sorts the context so; here it is a choice.
    utf8Sorting: true,
  });
}

function cachingManager() {
  return new NodeCachingMaterialsManager({
    backingMaterials: keyring(),
    cache: getLocalCryptographicMaterialsCache(100),
    maxAge: 86_400_000,
    maxMessagesEncrypted: 2 ** 32,
    maxBytesEncrypted: Number.MAX_SAFE_INTEGER,
  });
}

module.exports = { clientNode };
