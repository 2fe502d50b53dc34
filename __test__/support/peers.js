'use strict';

const path = require('node:path');
const { startChild } = require('./child');
const { nodeBinary } = require('./nodes');
const { PEERS, PYTHON } = require('./requirements');

/**
 * Starts one of AWS's Encryption SDKs as a process to exchange messages with.
 *
 * A request: { keyring, encryptionContext, suite: '0478', frameLength, plaintext | message (Buffer)
 * or plaintextFile | messageFile (path), outFile }. The answer: { result (Buffer, without outFile),
 * encryptionContext, suite }. `__test__/peers/peer.py` lists the keyrings.
 *
 * @param {'python' | 'javascript'} kind
 */
function startPeer(kind) {
  const child = startChild(...commandLine(kind));
  const pending = new Map();
  let lastId = 0;

  function call(op, { plaintext, message, ...rest }) {
    const id = ++lastId;
    child.write({ id, op, ...rest, plaintext: base64(plaintext), message: base64(message) });
    const answered = new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
    child.read().then(deliver, (error) => rejectAll(error));
    return answered;
  }

  function deliver({ id, ok, error, result, ...rest }) {
    const { resolve, reject } = pending.get(id);
    pending.delete(id);
    if (!ok) reject(new Error(`${kind} peer: ${error}`));
    else
      resolve({ ...rest, result: result === undefined ? result : Buffer.from(result, 'base64') });
  }

  function rejectAll(error) {
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  }

  return {
    encrypt: (request) => call('encrypt', request),
    decrypt: (request) => call('decrypt', request),
    stop: () => child.stop(),
  };
}

function commandLine(kind) {
  if (kind === 'python') return [PYTHON, [path.join(PEERS, 'peer.py')]];
  if (kind !== 'javascript') throw new TypeError(`no such peer: ${kind}`);
  // Node.js 20 refuses to unwrap RSA PKCS #1 v1.5.
  return [nodeBinary(24) ?? process.execPath, [path.join(PEERS, 'peer.mjs')]];
}

function base64(bytes) {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('base64');
}

module.exports = { startPeer };
