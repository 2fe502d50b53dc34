'use strict';

const assert = require('node:assert/strict');
const { isArrayBuffer, isDataView, isTypedArray } = require('node:util').types;

/** A `wrapDataKey` that does not encrypt: the wrapped data key is its hexadecimal text. */
async function wrapDataKey({ dataKey }) {
  return { ciphertext: Buffer.from(dataKey.toString('hex')), keyName: 'n' };
}

async function unwrapDataKey({ ciphertext }) {
  return Buffer.from(ciphertext.toString(), 'hex');
}

async function roundTrip(envelope) {
  const options = { encryptionContext: { a: 'b' } };
  const message = await envelope.encrypt('x', options);
  assert.equal(String(await envelope.decrypt(message, options)), 'x');
}

/** Returns the output of a Node.js stream for one chunk. */
function piped(stream, chunk) {
  return new Promise((resolve, reject) => {
    const pieces = [];
    stream.on('data', (piece) => pieces.push(piece));
    stream.on('end', () => resolve(Buffer.concat(pieces)));
    stream.on('error', reject);
    stream.write(chunk);
    stream.end();
  });
}

/** Returns the output of a Web stream for one chunk. */
async function pipedWeb({ writable, readable }, chunk) {
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  writer.write(chunk).catch(() => {});
  writer.close().catch(() => {});
  const pieces = [];
  for await (const piece of readable) pieces.push(piece);
  return Buffer.concat(pieces);
}

function valueOf({ value, reason }) {
  if (reason) throw reason;
  return value;
}

/** The bytes of a value that has some, as the engine sees them. */
function bytesOf(value) {
  if (typeof value === 'string') return Buffer.from(value);
  if (isArrayBuffer(value)) return bufferOf(value, 0, value.byteLength);
  const type = isDataView(value)
    ? DataView
    : isTypedArray(value) && Object.getPrototypeOf(Int8Array);
  if (!type) return undefined;
  const get = (name) => Object.getOwnPropertyDescriptor(type.prototype, name).get.call(value);
  try {
    return bufferOf(get('buffer'), get('byteOffset'), get('byteLength'));
  } catch {
    return undefined;
  }
}

function bufferOf(buffer, offset, length) {
  try {
    return Buffer.from(Buffer.from(buffer, offset, length));
  } catch {
    return undefined;
  }
}

module.exports = { bytesOf, piped, pipedWeb, roundTrip, unwrapDataKey, valueOf, wrapDataKey };
