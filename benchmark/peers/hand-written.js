'use strict';

// What a program writes by hand to have what our format has, with node:crypto alone: a key for each
// message, a commitment, a header and frames that are authenticated. Each reads the other's messages.
const crypto = require('node:crypto');
const { CONTEXT, FRAME_LENGTH, KEY, SUITE } = require('../lib/keys');
const { CIPHER, IV, TAG } = require('./node-crypto');

const ID = 32;
const DATA_KEY = 32;
const KEY_INFO = Buffer.concat([uint16(SUITE), Buffer.from('DERIVEKEY')]);
const COMMIT_INFO = Buffer.from('COMMITKEY');
const REGULAR = Buffer.from('AWSKMSEncryptionClient Frame');
const FINAL = Buffer.from('AWSKMSEncryptionClient Final Frame');
const END = 0xffffffff;
const CONTEXT_BYTES = serialize(CONTEXT);
const VERSION_AND_SUITE = Buffer.concat([Buffer.from([2]), uint16(SUITE)]);
const FRAMED = Buffer.concat([Buffer.from([2]), uint32(FRAME_LENGTH)]);
const WRAPPING_KEY = crypto.createSecretKey(KEY.bytes);
/** The header up to the message id and from the context on: the same in every message. */
const WRAPPED_AT = 1 + 2 + ID + 2 + CONTEXT_BYTES.length + 2;

/** @param {{ cached?: boolean }} [options] cached: all messages share one data key */
function handWritten({ cached = false } = {}) {
  const shared = cached ? newDataKey() : undefined;
  return {
    encrypt: (data) => seal(data, shared ?? newDataKey()),
    decrypt: (message) => open(message, shared),
  };
}

function seal(data, { dataKey, wrapped }) {
  const id = crypto.randomBytes(ID);
  const { contentKey, commitment } = derive(dataKey, id);
  const head = [VERSION_AND_SUITE, id, uint16(CONTEXT_BYTES.length), CONTEXT_BYTES, uint16(1)];
  const body = Buffer.concat([...head, wrapped, FRAMED, commitment]);
  const pieces = [body, sealed(contentKey, iv(0), body, []).tag];
  let sequence = 1;
  let from = 0;
  for (; data.length - from > FRAME_LENGTH; from += FRAME_LENGTH, sequence++) {
    const aad = frameAad(id, REGULAR, sequence, FRAME_LENGTH);
    const nonce = iv(sequence);
    const plaintext = data.subarray(from, from + FRAME_LENGTH);
    const { ciphertext, tag } = sealed(contentKey, nonce, aad, plaintext);
    pieces.push(uint32(sequence), nonce, ciphertext, tag);
  }
  const rest = data.subarray(from);
  const aad = frameAad(id, FINAL, sequence, rest.length);
  const nonce = iv(sequence);
  const { ciphertext, tag } = sealed(contentKey, nonce, aad, rest);
  const [mark, number, length] = [END, sequence, rest.length].map(uint32);
  pieces.push(mark, number, nonce, length, ciphertext, tag);
  return Buffer.concat(pieces);
}

function open(message, shared) {
  const id = message.subarray(3, 3 + ID);
  const { info, key, at } = wrappedKey(message);
  const dataKey = shared?.dataKey ?? unwrap(info, key);
  const { contentKey, commitment } = derive(dataKey, id);
  const bodyEnd = at + FRAMED.length + DATA_KEY;
  const found = message.subarray(bodyEnd - DATA_KEY, bodyEnd);
  if (!crypto.timingSafeEqual(commitment, found)) throw new Error('another data key');
  const headerTag = message.subarray(bodyEnd, bodyEnd + TAG);
  opened(contentKey, iv(0), message.subarray(0, bodyEnd), Buffer.alloc(0), headerTag);

  const pieces = [];
  let from = bodyEnd + TAG;
  for (let sequence = 1; ; sequence++) {
    const last = message.readUInt32BE(from) === END;
    const at = from + (last ? 8 : 4);
    if (message.readUInt32BE(at - 4) !== sequence) throw new Error('a frame is out of place');
    const length = last ? message.readUInt32BE(at + IV) : FRAME_LENGTH;
    const start = at + IV + (last ? 4 : 0);
    const aad = frameAad(id, last ? FINAL : REGULAR, sequence, length);
    const ciphertext = message.subarray(start, start + length);
    const tag = message.subarray(start + length, start + length + TAG);
    pieces.push(opened(contentKey, iv(sequence), aad, ciphertext, tag));
    from = start + length + TAG;
    if (last) break;
  }
  if (from !== message.length) throw new Error('bytes after the final frame');
  return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
}

function derive(dataKey, id) {
  return {
    contentKey: Buffer.from(crypto.hkdfSync('sha512', dataKey, id, KEY_INFO, DATA_KEY)),
    commitment: Buffer.from(crypto.hkdfSync('sha512', dataKey, id, COMMIT_INFO, DATA_KEY)),
  };
}

function sealed(key, nonce, aad, plaintext) {
  const cipher = crypto.createCipheriv(CIPHER, key, nonce).setAAD(aad);
  const ciphertext = plaintext.length > 0 ? cipher.update(plaintext) : Buffer.alloc(0);
  cipher.final();
  return { ciphertext, tag: cipher.getAuthTag() };
}

function opened(key, nonce, aad, ciphertext, tag) {
  const decipher = crypto.createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG });
  decipher.setAAD(aad).setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  decipher.final();
  return plaintext;
}

/**
 * Returns a data key and its wrapped form, as the raw AES keyrings of the Encryption SDKs write it.
 */
function newDataKey() {
  const dataKey = crypto.randomBytes(DATA_KEY);
  const nonce = crypto.randomBytes(IV);
  const { ciphertext, tag } = sealed(WRAPPING_KEY, nonce, CONTEXT_BYTES, dataKey);
  const info = Buffer.concat([Buffer.from(KEY.name), uint32(TAG * 8), uint32(IV), nonce]);
  const fields = [Buffer.from(KEY.namespace), info, Buffer.concat([ciphertext, tag])];
  const wrapped = Buffer.concat(fields.flatMap((field) => [uint16(field.length), field]));
  return { dataKey: crypto.createSecretKey(dataKey), wrapped };
}

function wrappedKey(message) {
  const fields = [];
  let at = WRAPPED_AT;
  for (let i = 0; i < 3; i++) {
    const length = message.readUInt16BE(at);
    fields.push(message.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  const [, info, key] = fields;
  return { info, key, at };
}

function unwrap(info, key) {
  const [wrapped, tag] = [key.subarray(0, DATA_KEY), key.subarray(DATA_KEY)];
  return crypto.createSecretKey(
    opened(WRAPPING_KEY, info.subarray(-IV), CONTEXT_BYTES, wrapped, tag),
  );
}

function frameAad(id, kind, sequence, length) {
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(sequence, 0);
  numbers.writeUInt32BE(length, 8);
  return Buffer.concat([id, kind, numbers]);
}

function iv(sequence) {
  const nonce = Buffer.alloc(IV);
  nonce.writeUInt32BE(sequence, IV - 4);
  return nonce;
}

function serialize(context) {
  const pairs = Object.entries(context).sort(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  const fields = pairs.flat().map((text) => Buffer.from(text));
  const parts = fields.flatMap((field) => [uint16(field.length), field]);
  return Buffer.concat([uint16(pairs.length), ...parts]);
}

function uint16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

module.exports = { handWritten };
