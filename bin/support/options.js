'use strict';

const { BRANCH_KEY_OPTIONS, OF_BRANCH_KEY } = require('./branch-key-options.js');
const { FIELD_OPTIONS } = require('./field-options.js');
const { S3_OPTIONS } = require('./s3-options.js');

/**
 * The options of all commands, as `util.parseArgs` takes them, with what `--help` says.
 *
 * @typedef {{
 *   type: 'string' | 'boolean', short?: string, multiple?: boolean, value?: string, help: string,
 *   choices?: readonly string[],
 * }} Option
 * @typedef {keyof typeof OPTIONS} OptionName
 */

const OPTIONS = /** @satisfies {Record<string, Option>} */ ({
  key: {
    type: /** @type {const} */ ('string'),
    short: 'k',
    value: 'KEY',
    help:
      'a KMS key id, ARN, alias or alias ARN, or local:PATH of a key file; ' +
      'by default the environment variable ENCRYPTION_KEY_ID',
  },
  'public-key': {
    type: /** @type {const} */ ('string'),
    value: 'FILE',
    help: 'the public key of a key pair in KMS, which --key names by its ARN, in PEM',
  },
  'to-key': {
    type: /** @type {const} */ ('string'),
    value: 'KEY',
    help: 'the key to encrypt under from now on',
  },
  context: {
    type: /** @type {const} */ ('string'),
    short: 'c',
    multiple: true,
    value: 'NAME=VALUE',
    help:
      'a pair of the encryption context, public and authenticated; repeatable. ' +
      'A new message carries it; an existing one must carry it, else the command fails',
  },
  'commitment-policy': {
    type: /** @type {const} */ ('string'),
    value: 'POLICY',
    choices: [
      'requireEncryptRequireDecrypt',
      'requireEncryptAllowDecrypt',
      'forbidEncryptAllowDecrypt',
    ],
    help:
      'requireEncryptRequireDecrypt, the default; requireEncryptAllowDecrypt also reads what ' +
      'does not commit to its key, and forbidEncryptAllowDecrypt writes such',
  },
  output: {
    type: /** @type {const} */ ('string'),
    short: 'o',
    value: 'PATH',
    help: 'where to write: a file, a folder for several, or - for standard output',
  },
  recursive: {
    type: /** @type {const} */ ('boolean'),
    short: 'r',
    help: 'take the files in folders, too; of s3, all objects under a prefix',
  },
  force: {
    type: /** @type {const} */ ('boolean'),
    short: 'f',
    help: 'replace what exists already; in folders, only what is not complete and up to date',
  },
  verify: {
    type: /** @type {const} */ ('boolean'),
    help: 'before a file is skipped, decrypt all of it and compare the content',
  },
  cache: {
    type: /** @type {const} */ ('boolean'),
    help:
      'share data keys between the files of this run: KMS is asked once for a folder, not once ' +
      'for each file',
  },
  bytes: {
    type: /** @type {const} */ ('string'),
    value: 'N',
    help: 'the length of the data key, from 1 to 1024; by default 32',
  },
  json: {
    type: /** @type {const} */ ('boolean'),
    help: 'print JSON: results on standard output, errors on standard error, one object a line',
  },
  quiet: {
    type: /** @type {const} */ ('boolean'),
    short: 'q',
    help: 'print nothing but errors',
  },
  ...BRANCH_KEY_OPTIONS,
  ...FIELD_OPTIONS,
  ...S3_OPTIONS,
  help: { type: /** @type {const} */ ('boolean'), short: 'h', help: 'print this help' },
});

/** What the commands that turn files into files take. */
const OF_FILES = /** @type {const} */ ([
  'key',
  ...OF_BRANCH_KEY,
  'context',
  'commitment-policy',
  'output',
  'recursive',
  'force',
  'verify',
  'cache',
  'json',
  'quiet',
  'help',
]);

module.exports = { OF_FILES, OPTIONS };
