'use strict';

const { envelope } = require('./fields');

/** Bytes that count up from `first`. */
function counting(first, length) {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => first + i));
}

/** The keys of the known answers in docs/fields.md. */
const KEYS = {
  encryption: counting(0x60, 32),
  deterministic: counting(0x00, 64),
  index: counting(0x40, 32),
};
const KEY_ID = 0x01020304;

/** What Tink for Python gave: `encrypt_deterministically`, and the PRF, for the key of an index and the index. */
const DETERMINISTIC = {
  tenant: 'acme',
  table: 'users',
  column: 'email',
  plaintext: 'ada@example.com',
  associatedData:
    '0000001c6b6d732d656e76656c6f70652f64657465726d696e69737469632f31' +
    '0000000461636d6500000005757365727300000005656d61696c0001020304',
  value: '010102030401619872b6c6f520476c54b7c670d005f05ec103dc816611cffc307a99442d',
};
const INDEXES = [
  {
    name: '',
    normalized: 'ada@example.com',
    bits: 128,
    indexKey: '02f46896c630b6ac3e9ff710ca5cd3a20a3c3117b79470f9e9ae06d077cf9d38',
    index: '6b568aaef6e2251bd0e51b509f7e2aa9',
  },
  {
    name: 'domain',
    normalized: 'example.com',
    bits: 12,
    indexKey: 'bb2758cdd20ebe58d3c36e3eefe928fdd3a24c7ebe71fdcfe14c534241e427eb',
    index: '5650',
  },
];

/** A field of protobuf that holds bytes. */
function delimited(tag, ...parts) {
  const data = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([(tag << 3) | 2]), varint(data.length), data]);
}

/** A field of protobuf that holds a number. */
function numeric(tag, number) {
  return Buffer.concat([Buffer.from([tag << 3]), varint(number)]);
}

function varint(number) {
  const bytes = [];
  for (let rest = number; rest > 0 || bytes.length === 0; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) | (rest >= 128 ? 128 : 0));
  }
  return Buffer.from(bytes);
}

/** Tink's keyset of one key, enabled, of this type and prefix, in binary. */
function keyset(type, value, id, prefix) {
  const url = `type.googleapis.com/google.crypto.tink.${type}`;
  const data = delimited(1, delimited(1, url), delimited(2, value), numeric(3, 1));
  return Buffer.concat([
    numeric(1, id),
    delimited(2, data, numeric(2, 1), numeric(3, id), numeric(4, prefix)),
  ]);
}

const [TINK, RAW] = [1, 3];

/** The keyset of AES-SIV with this key, in Tink's binary form. */
function sivKeyset(key, id) {
  return keyset('AesSivKey', delimited(2, key), id, TINK);
}

/** The keyset of the PRF HMAC-SHA-256 with this key, in Tink's binary form. */
function prfKeyset(key, id) {
  return keyset(
    'HmacPrfKey',
    Buffer.concat([delimited(2, numeric(1, 3)), delimited(3, key)]),
    id,
    RAW,
  );
}

/** Stores the keys of the known answers for the tenant `acme`; `keyId` is that of the encryption key. */
async function storeKeys(store, keyId = KEY_ID) {
  const tenantKeys = Buffer.concat([
    delimited(1, keyset('AesGcmKey', delimited(3, KEYS.encryption), keyId, TINK)),
    delimited(2, sivKeyset(KEYS.deterministic, KEY_ID)),
    delimited(3, prfKeyset(KEYS.index, 7)),
    numeric(5, 60_000),
  ]);
  const encryptionContext = { purpose: 'kms-envelope/fields', tenant: 'acme', version: '1' };
  store.set('acme', {
    data: await envelope().encrypt(tenantKeys, { encryptionContext }),
    version: 1,
  });
}

module.exports = { DETERMINISTIC, INDEXES, KEYS, KEY_ID, prfKeyset, sivKeyset, storeKeys };
