'use strict';

const TEXT = /** @type {const} */ ('string');
const FLAG = /** @type {const} */ ('boolean');

/** The options of `kms-envelope s3`. */
const S3_OPTIONS = /** @satisfies {Record<string, import('./options.js').Option>} */ ({
  format: {
    type: TEXT,
    value: 'FORMAT',
    choices: ['V3', 'V2', 'message'],
    help:
      'what to write: V3 (the default) or V2 of the S3 Encryption Clients, or a message of this ' +
      'package',
  },
  'legacy-wrapping': {
    type: FLAG,
    help: 'read objects whose data key is bound to no content algorithm: V1, Amazon SES and others',
  },
  'legacy-content': {
    type: FLAG,
    help: 'read content of AES-CBC, which nothing authenticates',
  },
  'any-context': {
    type: FLAG,
    help: 'take the encryption context that each object names, whatever it is',
  },
  'instruction-file': {
    type: FLAG,
    help: 'put the wrapped data key into KEY.instruction, not into the metadata',
  },
  suffix: {
    type: TEXT,
    value: 'SUFFIX',
    help: 'the end of the keys of instruction files to read; by default .instruction',
  },
  'content-type': { type: TEXT, value: 'TYPE', help: 'the media type of the object' },
  metadata: {
    type: TEXT,
    value: 'FILE',
    help: 'the metadata of a local file: JSON, as GetObject or HeadObject answer it',
  },
  concurrency: {
    type: TEXT,
    value: 'N',
    help: 'how many objects are worked on at a time, from 1 to 64; by default 8',
  },
});

/** What all commands that read objects take. */
const OF_S3_READ = /** @type {const} */ ([
  'key',
  'context',
  'any-context',
  'commitment-policy',
  'legacy-wrapping',
  'legacy-content',
  'suffix',
]);

module.exports = { OF_S3_READ, S3_OPTIONS };
