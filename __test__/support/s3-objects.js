'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { createHash } = require('node:crypto');
const { AwsKmsKeyring, RawAesKeyring, RawRsaKeyring } = require('../..');

const POLICIES = {
  'forbid-encrypt-allow-decrypt': 'forbidEncryptAllowDecrypt',
  'require-encrypt-allow-decrypt': 'requireEncryptAllowDecrypt',
  'require-encrypt-require-decrypt': 'requireEncryptRequireDecrypt',
};

/**
 * The cases of a folder of S3 vectors, those of `negative.json` completed from their bases.
 *
 * @param {string} folder
 * @param {string[]} files
 */
function casesOf(folder, files) {
  const manifests = files.map((file) => json(folder, file));
  const whole = manifests.flatMap(({ cases }) => cases).filter(({ base }) => !base);
  const byId = new Map(whole.map((item) => [item.id, item]));
  const patched = manifests
    .flatMap(({ cases }) => cases)
    .filter(({ base }) => byId.has(base))
    .map((item) => completed(item, byId.get(item.base)));
  return [...whole, ...patched];
}

/** What a patched case takes from its base (SCHEMA.md: RFC 7386). */
function completed({ patch, ...item }, base) {
  const { result, plaintext_sha256, peers, note, mutation, ...object } = base;
  return { ...mergePatch(object, patch), ...item };
}

/** RFC 7386. */
function mergePatch(target, patch) {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const merged = { ...(target ?? {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** A case as `decryptS3Object` takes it. */
function objectOf(folder, item) {
  return {
    body: bodyOf(folder, item),
    metadata: item.metadata ?? {},
    instructionFile: item.instruction?.text,
  };
}

function bodyOf(folder, { body, body_base64 }) {
  if (body_base64 !== undefined) return Buffer.from(body_base64, 'base64');
  return fs.readFileSync(path.join(folder, body));
}

/** The options of a case. */
function optionsOf(item, keyring) {
  return {
    keyring,
    encryptionContext: item.encryption_context ?? {},
    commitmentPolicy: POLICIES[item.commitment_policy ?? 'require-encrypt-require-decrypt'],
    legacyWrapping: item.legacy_wrapping ?? false,
    legacyContent: item.legacy_unauthenticated ?? false,
  };
}

/** The keyring that a case names; nothing for one that gives the data key itself. */
function keyringOf({ type, key: name }, keys, kmsEndpoint) {
  const key = keys[name];
  if (type === 'kms') return new AwsKmsKeyring({ keyId: key.arn, endpoint: kmsEndpoint });
  const names = { keyNamespace: 's3', keyName: name };
  if (type === 'raw-aes') {
    return new RawAesKeyring({ ...names, wrappingKey: Buffer.from(key.hex, 'hex') });
  }
  const pair = { publicKey: key.public_pem, privateKey: key.private_pem };
  return new RawRsaKeyring({ ...names, padding: 'oaep-sha256', ...pair });
}

/** The plaintext that a case expects; nothing where a digest is all that is known. */
function plaintextOf({ plaintext_base64, plaintext_pattern, plaintext_length }) {
  if (plaintext_base64 !== undefined) return Buffer.from(plaintext_base64, 'base64');
  if (plaintext_pattern !== 'be32') return undefined;
  const numbers = Buffer.alloc(Math.ceil(plaintext_length / 4) * 4);
  for (let i = 0; i < numbers.length / 4; i++) numbers.writeUInt32BE(i, i * 4);
  return numbers.subarray(0, plaintext_length);
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

function json(folder, name) {
  return JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), 'utf8'));
}

module.exports = { casesOf, json, keyringOf, objectOf, optionsOf, plaintextOf, sha256 };
