'use strict';

const TEXT = /** @type {const} */ ('string');
const FLAG = /** @type {const} */ ('boolean');

/** The options of `kms-envelope fields`. */
const FIELD_OPTIONS = /** @satisfies {Record<string, import('./options.js').Option>} */ ({
  store: {
    type: TEXT,
    value: 'STORE',
    help:
      'where the keys are stored: a folder; or sqlite:FILE or postgres://..., there in the table ' +
      'field_keys. By default the environment variable FIELDS_STORE',
  },
  tenant: { type: TEXT, value: 'NAME', help: 'whose keys they are' },
  purpose: {
    type: TEXT,
    value: 'PURPOSE',
    choices: ['encryption', 'deterministic', 'index'],
    help: 'what the key is for: encryption (the default), deterministic or index',
  },
  'key-type': {
    type: TEXT,
    value: 'TYPE',
    choices: ['AES256_GCM', 'AES128_GCM', 'AES256_GCM_SIV'],
    help: 'the key that encrypts: AES256_GCM (the default), AES128_GCM or AES256_GCM_SIV',
  },
  'refresh-seconds': {
    type: TEXT,
    value: 'N',
    help: 'within what time all processes know of a change of the keys; by default 60',
  },
  wait: { type: FLAG, help: 'wait until the new key may encrypt, and let it' },
  form: {
    type: TEXT,
    value: 'FORM',
    choices: ['tink-encrypted-json', 'tink-encrypted-binary', 'tink-json', 'tink-binary'],
    help:
      'tink-encrypted-json (the default) or tink-encrypted-binary, under --to-key; tink-json or ' +
      'tink-binary, which anybody can use who sees it',
  },
  'associated-data': {
    type: TEXT,
    value: 'TEXT',
    help: 'what the encrypted keyset is bound to; Tink must be given the same',
  },
  yes: { type: FLAG, help: 'do not ask' },
  database: {
    type: TEXT,
    value: 'URL',
    help:
      'postgres://... or sqlite:FILE; by default the environment variable DATABASE_URL. The ' +
      'project must have pg, or better-sqlite3 unless Node.js has SQLite',
  },
  table: { type: TEXT, value: 'NAME', help: 'the table, with its schema or without' },
  column: { type: TEXT, value: 'NAME', help: 'the column to read' },
  to: { type: TEXT, value: 'COLUMN', help: 'the column to write; by default the same' },
  'bound-to': {
    type: TEXT,
    value: 'TABLE.COLUMN',
    help: 'the names that the application gives to fields.column, if they are others',
  },
  'without-row': { type: FLAG, help: 'do not bind values to the primary key of their row' },
  'tenant-column': {
    type: TEXT,
    value: 'NAME',
    help: 'the column that names the tenant: only rows of --tenant are taken',
  },
  type: {
    type: TEXT,
    value: 'TYPE',
    choices: ['text', 'bytes', 'boolean', 'integer', 'bigint', 'number', 'json', 'date'],
    help: 'as given to fields.column: text (the default), bytes, boolean, integer, bigint, number, json, date',
  },
  deterministic: { type: FLAG, help: 'the column is deterministic' },
  encoding: {
    type: TEXT,
    value: 'ENCODING',
    choices: ['base64url', 'base64', 'hex'],
    help: 'how values are written to a column of text: base64url (the default), base64 or hex',
  },
  index: {
    type: TEXT,
    multiple: true,
    value: 'COLUMN[,...]',
    help:
      'a column to fill with a blind index, such as email_index,normalize=nfkc+trim+lowercase ' +
      'or email_domain,name=domain,normalize=domain,bits=16; repeatable',
  },
  from: {
    type: TEXT,
    multiple: true,
    value: 'KIND',
    help:
      'what the column holds: plaintext (plaintext:any also if it looks encrypted), cloak:KEYFILE, ' +
      'typeorm-encrypted:KEYFILE (a key a line), message, or message:KEY if under another key; repeatable. Without it only values under ' +
      'older keys are encrypted again',
  },
  'iv-length': {
    type: TEXT,
    value: 'N',
    help: 'the length of the IV of typeorm-encrypted, in bytes; by default 16',
  },
  batch: { type: TEXT, value: 'N', help: 'how many rows a transaction has; by default 500' },
  state: {
    type: TEXT,
    value: 'FILE',
    help: 'where an interrupted run notes how far it came; by default a hidden file in this folder',
  },
  'dry-run': { type: FLAG, help: 'read and check everything, and write nothing' },
});

module.exports = { FIELD_OPTIONS };
