'use strict';

const TEXT = /** @type {const} */ ('string');
const FLAG = /** @type {const} */ ('boolean');

/** The options of `kms-envelope branch-key`, and of the commands that use branch keys. */
const BRANCH_KEY_OPTIONS = /** @satisfies {Record<string, import('./options.js').Option>} */ ({
  'branch-key': {
    type: TEXT,
    value: 'ID',
    help: 'use this branch key of --key-store, which --key, the ARN of a KMS key, wraps',
  },
  'to-branch-key': {
    type: TEXT,
    value: 'ID',
    help: 'the branch key to encrypt under from now on, which --to-key wraps',
  },
  'key-store': {
    type: TEXT,
    value: 'TABLE',
    help:
      'the DynamoDB table of the branch keys, by its name or ARN; by default the environment ' +
      'variable BRANCH_KEY_STORE',
  },
  'logical-name': {
    type: TEXT,
    value: 'NAME',
    help:
      'the name that the records of the table are authenticated with; by default the ' +
      'environment variable BRANCH_KEY_LOGICAL_NAME',
  },
  'multi-region': { type: FLAG, help: 'take related multi-Region KMS keys for one key' },
  'create-table': { type: FLAG, help: 'make the table before, if it is not there' },
});

/** What names a branch key to encrypt or decrypt with, beside `--key`. */
const OF_BRANCH_KEY = /** @type {const} */ ([
  'branch-key',
  'key-store',
  'logical-name',
  'multi-region',
]);

module.exports = { BRANCH_KEY_OPTIONS, OF_BRANCH_KEY };
