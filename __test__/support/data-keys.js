'use strict';

/** Where the count of encrypted data keys stands in a message of format 2.0. */
const CONTEXT_LENGTH_AT = 1 + 2 + 32;

/**
 * The message with these encrypted data keys in place of its own; it cannot verify any more, unless
 * they are the same.
 *
 * @param {Buffer} message of format 2.0
 * @param {{ providerId: string, providerInfo: Buffer, ciphertext: Buffer }[]} keys
 */
function withDataKeys(message, keys) {
  const countAt = CONTEXT_LENGTH_AT + 2 + message.readUInt16BE(CONTEXT_LENGTH_AT);
  let end = countAt + 2;
  for (let fields = 3 * message.readUInt16BE(countAt); fields > 0; fields -= 1) {
    end += 2 + message.readUInt16BE(end);
  }
  const count = Buffer.alloc(2);
  count.writeUInt16BE(keys.length);
  const fields = keys.flatMap(({ providerId, providerInfo, ciphertext }) => [
    field(Buffer.from(providerId)),
    field(providerInfo),
    field(ciphertext),
  ]);
  return Buffer.concat([message.subarray(0, countAt), count, ...fields, message.subarray(end)]);
}

function field(/** @type {Buffer} */ bytes) {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

module.exports = { withDataKeys };
