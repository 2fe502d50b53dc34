'use strict';

const crypto = require('node:crypto');

const { Envelope, Fields, RawAesKeyring } = require('../..');
const binding = require('../../lib/native/load');

const ROW = { row: 12345 };

/**
 * What encrypts one short text: our columns, and what people use instead.
 *
 * @param {{ messages?: boolean }} [options] messages: Encryption SDK messages, too
 */
async function fieldParties({ messages = false } = {}) {
  const keyring = new RawAesKeyring({
    keyNamespace: 'benchmark',
    keyName: 'fields',
    wrappingKey: crypto.randomBytes(32),
  });
  const envelope = new Envelope({ keyring });
  const fields = await Fields.open({
    envelope,
    store: memory(),
    tenant: 'acme',
    create: true,
    maxEncryptionsPerKey: 2 ** 40,
  });
  const place = { table: 'users', column: 'email', type: 'text' };
  const column = fields.column(place);
  const deterministic = fields.column({ ...place, deterministic: true });
  const parties = {
    'kms-envelope, Fields': {
      encrypt: (text) => column.encrypt(text, ROW),
      decrypt: (sealed) => column.decrypt(sealed, ROW),
    },
    'kms-envelope, Fields, deterministic': {
      encrypt: (text) => deterministic.encrypt(text),
      decrypt: (sealed) => deterministic.decrypt(sealed),
    },
    'createCipheriv, the same associated data': byHand(),
    '@47ng/cloak': cloak(),
    'typeorm-encrypted': typeorm(),
    ...(messages && { 'Encryption SDK message': message(envelope) }),
  };
  return { parties, column };
}

/** A column as the addon has it. */
function nativeColumn() {
  const keys = binding.TenantKeys.generate('AES256_GCM', 60_000);
  return binding.FieldKeys.create(keys, 'acme', 2 ** 40).column(false, 'users', 'email');
}

/** A message, bound to the same place, under a raw key; under a KMS key it is longer. */
function message(envelope) {
  const encryptionContext = { tenant: 'acme', table: 'users', column: 'email', row: '12345' };
  return {
    encrypt: (text) => envelope.encryptSync(text, { encryptionContext }),
    decrypt: (sealed) => envelope.decryptSync(sealed, { encryptionContext }),
  };
}

/** What one writes with node:crypto, with the associated data of the docs. */
function byHand() {
  const key = crypto.createSecretKey(crypto.randomBytes(32));
  const part = (text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const start = Buffer.concat(['kms-envelope/field/1', 'acme', 'users', 'email'].map(part));
  const id = Buffer.from([1, 2, 3, 4]);
  const prefix = Buffer.from([1, 1, 2, 3, 4]);
  const aad = () => Buffer.concat([start, Buffer.from([1]), part(String(ROW.row)), id]);
  return {
    encrypt(text) {
      const iv = crypto.randomBytes(12);
      const cipher = crypto.createCipheriv('aes-256-gcm', key, iv);
      cipher.setAAD(aad());
      const body = cipher.update(text, 'utf8');
      cipher.final();
      return Buffer.concat([prefix, iv, body, cipher.getAuthTag()]);
    },
    decrypt(sealed) {
      const decipher = crypto.createDecipheriv('aes-256-gcm', key, sealed.subarray(5, 17));
      decipher.setAAD(aad());
      decipher.setAuthTag(sealed.subarray(-16));
      return decipher.update(sealed.subarray(17, -16), undefined, 'utf8') + decipher.final('utf8');
    },
  };
}

function cloak() {
  const {
    decryptStringSync,
    encryptStringSync,
    generateKey,
    parseKeySync,
  } = require('@47ng/cloak');
  const key = parseKeySync(generateKey());
  return {
    encrypt: (text) => encryptStringSync(text, key),
    decrypt: (sealed) => decryptStringSync(sealed, key),
  };
}

function typeorm() {
  // The part that needs no TypeORM.
  const { decryptData, encryptData } = require('typeorm-encrypted/lib/crypto.js');
  const key = crypto.randomBytes(32).toString('hex');
  // The length of the IV as its documents have it.
  const options = { key, algorithm: 'aes-256-gcm', ivLength: 16 };
  return {
    encrypt: (text) => encryptData(Buffer.from(text), options).toString('base64'),
    decrypt: (sealed) => decryptData(Buffer.from(sealed, 'base64'), options).toString(),
  };
}

function memory() {
  const stored = new Map();
  return {
    load: async (tenant) => stored.get(tenant),
    async save(tenant, data, { version }) {
      stored.set(tenant, { data, version });
      return true;
    },
    remove: async (tenant) => void stored.delete(tenant),
  };
}

module.exports = { fieldParties, nativeColumn };
