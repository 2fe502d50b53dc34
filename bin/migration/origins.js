'use strict';

const fs = require('node:fs');

const { contextOf, keyOf } = require('../support/arguments.js');
const { Failure, usage } = require('../support/errors.js');
const { library } = require('../support/library.js');

/** @typedef {import('../support/arguments.js').Values} Values */
/** @typedef {import('../..').FieldOrigin} FieldOrigin */
/** @typedef {import('../..').Envelope} Envelope */

/**
 * What the column holds beside our own values: what other packages wrote, messages, plaintext, and
 * plaintext that may have the form of our ciphertexts.
 *
 * @typedef {{
 *   packages: FieldOrigin[], messages: Envelope[], encryptionContext: Record<string, string>,
 *   plaintext: boolean, ciphertextLike: boolean,
 * }} Origins
 */

/** A message's data key is asked for once for all values that were encrypted under it. */
const CACHE = { maxAgeMs: 300_000, maxEntries: 1000 };

/**
 * Reads `--from`.
 *
 * @param {Values} values
 * @returns {Origins}
 */
function originsOf(values) {
  /** @type {Origins} */
  const origins = {
    packages: [],
    messages: [],
    encryptionContext: contextOf(values),
    plaintext: false,
    ciphertextLike: false,
  };
  for (const text of values.from ?? []) {
    const [, kind = '', detail = ''] = /^([^:]*):?(.*)$/s.exec(text) ?? [];
    if (text === 'plaintext' || text === 'plaintext:any') {
      origins.plaintext = true;
      origins.ciphertextLike ||= detail === 'any';
    } else if (kind === 'message') origins.messages.push(envelopeFor(detail || keyOf(values)));
    else origins.packages.push(packageOf(kind, detail, values));
  }
  if (values['iv-length'] !== undefined && origins.packages.length === 0) {
    throw usage('--iv-length is for --from typeorm-encrypted:KEYFILE');
  }
  return origins;
}

/** @param {string} keyId */
function envelopeFor(keyId) {
  const { AwsKmsKeyring, Envelope, LocalKeyring } = library();
  const file = /^local:(.*)$/s.exec(keyId)?.[1];
  const keyring = file === undefined ? new AwsKmsKeyring({ keyId }) : new LocalKeyring(file);
  return new Envelope({ keyring, cache: CACHE });
}

/**
 * @param {string} kind
 * @param {string} file
 * @param {Values} values
 * @returns {FieldOrigin}
 */
function packageOf(kind, file, { 'iv-length': ivLength = '16' }) {
  if (kind !== 'cloak' && kind !== 'typeorm-encrypted') {
    throw usage(
      `--from '${kind}' is not one of: plaintext, plaintext:any, cloak:KEYFILE, ` +
        'typeorm-encrypted:KEYFILE, message, message:KEY',
    );
  }
  if (file === '') throw usage(`--from ${kind} needs the file of its keys: ${kind}:KEYFILE`);
  const keys = keysIn(file);
  if (kind === 'cloak') return { kind, keys };
  const length = /^\d{1,3}$/.test(ivLength) ? Number(ivLength) : 0;
  if (length < 1 || length > 128) throw usage('--iv-length must be from 1 to 128');
  return { kind, keys, ivLength: length };
}

/** @param {string} file with a key a line; a key on the command line would be seen by all */
function keysIn(file) {
  const lines = fs.readFileSync(file, 'utf8').split(/\r?\n/);
  const keys = lines.map((line) => line.trim()).filter((line) => line !== '');
  if (keys.length > 0) return keys;
  throw new Failure('KEY_FILE', `'${file}' holds no key; write one a line`);
}

module.exports = { originsOf };
