'use strict';

/** @typedef {import('../index').EnvelopeErrorCode} Code */
/** @typedef {import('../index').EnvelopeErrorCategory} Category */

const PREFIX = 'ERR_ENVELOPE_';

const TRY_AGAIN = 'Try again later.';
const REACH_KMS =
  'Check the network, the Region, `AWS_ENDPOINT_URL_KMS` and `HTTPS_PROXY`; in a VPC without ' +
  'internet access, add a VPC endpoint for KMS.';

/**
 * Every code without its prefix: its category, and what to do. The one home of this advice:
 * `docs/errors.md` and `kms-envelope doctor` say the same. `KEY` stands for the KMS key.
 *
 * @type {Record<string, [category: Category, advice: string]>}
 */
const CODES = {
  INVALID_ARGUMENT: ['argument', 'Correct the call; the message names the argument.'],
  WOULD_BLOCK: ['argument', 'Use `encrypt` and `decrypt`, which are asynchronous.'],
  ABORTED: ['aborted', 'Nothing; you asked for it.'],
  MALFORMED_MESSAGE: [
    'message',
    'Check what you read; decode Base64 first. Bytes after the end count, too.',
  ],
  TRUNCATED_MESSAGE: ['message', 'Read all of it; if it is stored like that, it was cut off.'],
  UNSUPPORTED_MESSAGE: [
    'message',
    'Decrypt it as a whole; if that fails too, it is no message, or was changed.',
  ],
  COMMITMENT_POLICY: [
    'message',
    'To read older messages, set the commitment policy to `requireEncryptAllowDecrypt`, and ' +
      'encrypt them anew.',
  ],
  LEGACY_ALGORITHM: [
    'message',
    'If the object is old, set the option that the message names, and encrypt it anew; else do not ' +
      'use it.',
  ],
  NOT_APPROVED: [
    'argument',
    'Use what the message names; for old data, use a build without the FIPS module.',
  ],
  SIGNED_MESSAGE: [
    'message',
    'Decrypt it in one piece or as a file; or set `signed` to `"release-before-verified"`.',
  ],
  AUTHENTICATION_FAILED: [
    'message',
    'Do not use the data: it was changed, or made under another data key. An RSA key with ' +
      '`padding: "pkcs1"` that is not the right one ends here, too.',
  ],
  CONTEXT_MISMATCH: ['message', 'Do not use the message: it is another one than you asked for.'],
  NO_USABLE_KEY: [
    'key',
    'Decrypt with a key that the message names; `errors` has the reason of each data key, or of ' +
      'each keyring.',
  ],
  LIMIT_EXCEEDED: ['message', 'Stay below the limit that the message names, or raise it.'],
  KEY_FILE: [
    'key',
    'Do what the message says, such as `chmod 600`; `kms-envelope keygen PATH` makes a new key file.',
  ],
  FILE: ['file', "Do what the message says; `cause` has the system's own words."],
  FILE_NOT_FOUND: ['file', 'Check the path.'],
  FILE_EXISTS: ['file', 'Choose another name, or allow `overwrite` (`--force`).'],
  DISK_FULL: ['file', 'Free some space, or choose another folder.'],
  RANGE: ['argument', 'Start the range before the end.'],
  LENGTH_MISMATCH: ['argument', 'Announce the right length, or none; discard what was written.'],
  SOURCE_TIMEOUT: ['file', 'Try again, or give the source a longer `timeoutMs`.'],
  CONFIGURATION: ['key', 'Write what the message says, where it says.'],
  KMS_NO_CREDENTIALS: [
    'key',
    'Set `AWS_PROFILE`, or `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or run where a role ' +
      'gives them; correct the source that the message names. Then try ' +
      '`aws sts get-caller-identity`.',
  ],
  KMS_BAD_CREDENTIALS: [
    'key',
    'Renew the credentials (such as with `aws sso login`), and check the clock. Then try ' +
      '`aws sts get-caller-identity`.',
  ],
  KMS_NO_REGION: ['key', 'Set `AWS_REGION`, or name the key by its ARN.'],
  KMS_ACCESS_DENIED: [
    'key',
    'Allow the operation that the message names (`kms:GenerateDataKey` and `kms:Encrypt` to ' +
      'encrypt, `kms:Decrypt` to decrypt) in the IAM policy of the caller and in the key policy; ' +
      '`aws sts get-caller-identity` tells who calls.',
  ],
  KMS_KEY_NOT_FOUND: [
    'key',
    'Check the name, the account and the Region: `aws kms describe-key --key-id KEY`.',
  ],
  KMS_KEY_DISABLED: ['key', 'Enable it: `aws kms enable-key --key-id KEY`.'],
  KMS_KEY_STATE: [
    'key',
    'Look at its `KeyState`: `aws kms describe-key --key-id KEY`. Cancel its deletion with ' +
      '`aws kms cancel-key-deletion`, or import its key material.',
  ],
  KMS_KEY_USAGE: [
    'key',
    'Use a symmetric key (`SYMMETRIC_DEFAULT`, for `ENCRYPT_DECRYPT`); `aws kms create-key` makes one.',
  ],
  KMS_WRONG_KEY: ['key', 'Name the key that wrapped it; an alias may have been moved.'],
  KMS_INVALID_CIPHERTEXT: [
    'message',
    'Do not use the data: it, or the encryption context, was changed.',
  ],
  KMS_THROTTLED: ['service', `${TRY_AGAIN} If it happens often, raise the quota of KMS requests.`],
  KMS_TIMEOUT: ['service', `${REACH_KMS} Or raise \`timeoutMs\`.`],
  KMS_UNREACHABLE: ['service', `${REACH_KMS} The message tells if a certificate was refused.`],
  KMS_INTERNAL: ['service', `${TRY_AGAIN} If it stays, look at the AWS Health Dashboard.`],
  KMS_REJECTED: ['key', 'Look the name in the message up in the AWS KMS API Reference.'],
  BRANCH_KEY_NOT_FOUND: [
    'key',
    'Create it, or check the id, the table and `logicalName`; of a branch key that was destroyed, the messages are lost.',
  ],
  BRANCH_KEY_EXISTS: ['argument', 'Choose another id, or rotate the branch key.'],
  BRANCH_KEY_CONFLICT: ['service', 'Nothing, as a rule: the branch key has a new version.'],
  BRANCH_KEY_ALTERED: ['key', 'Check `logicalName`; restore the item from a backup of the table.'],
  BRANCH_KEY_UNSUPPORTED: ['key', 'Use a newer release.'],
  KEY_STORE_NOT_FOUND: [
    'key',
    'Check `tableName` and `region`, or make the table with `createTable`; on the command line with ' +
      '`branch-key create --create-table`.',
  ],
  KEY_STORE_ACCESS_DENIED: [
    'key',
    'Allow the action that the message names in the IAM policy of the caller.',
  ],
  KEY_STORE_THROTTLED: ['service', 'Try again later, or raise the capacity of the table.'],
  KEY_STORE_TIMEOUT: ['service', 'Check the network and the Region, or raise `timeoutMs`.'],
  KEY_STORE_UNREACHABLE: [
    'service',
    'Check the network, the Region, `AWS_ENDPOINT_URL_DYNAMODB` and `HTTPS_PROXY`; in a VPC without internet access, add a VPC endpoint for DynamoDB.',
  ],
  KEY_STORE_INTERNAL: ['service', 'Try again later.'],
  KEY_STORE_REJECTED: [
    'key',
    'Look the name in the message up in the Amazon DynamoDB API Reference.',
  ],
  KEY_STORE_FAILED: ['service', 'Correct the function of your storage; `cause` has what it threw.'],
  CIRCUIT_OPEN: ['service', 'Try again after `retryAfterMs`.'],
  QUEUE_FULL: [
    'service',
    `${TRY_AGAIN} Use the cache or a batch, or raise \`maxInFlight\` or \`maxQueued\`.`,
  ],
  KEYRING_FAILED: ['service', 'Correct the function of your keyring; `cause` has what it threw.'],
  KEYRING_TIMEOUT: ['service', 'Try again, or raise `timeoutMs`.'],
  SYSTEM: [
    'system',
    'Raise the limits of the process (`ulimit -u`, `ulimit -n`, `pids.max` of its container), or ' +
      'run fewer calls at once.',
  ],
  ADDON: [
    'system',
    'Do what the message says; most often, install kms-envelope again on this machine, with its ' +
      'optional dependencies.',
  ],
  UNWRAP_TIMEOUT: [
    'key',
    'Try again, or raise `unwrapTimeoutMs`; set `maxEncryptedDataKeys` for messages from strangers.',
  ],
  MALFORMED_KEYSET: ['key', 'Check its form (`from`), and that it was copied whole.'],
  KEYSET_NOT_FOUND: [
    'key',
    'Create the keys once, with `create: true`; check the name of the tenant.',
  ],
  KEYSET_CONFLICT: ['service', 'Try again.'],
  KEYSET_STORE: [
    'service',
    'Check the folder or the database, then try again; `cause` has its own words.',
  ],
  KEY_TOO_NEW: [
    'key',
    'Try again after the time in the message, or `force` it if nothing else uses the keys.',
  ],
  FIELD_MISMATCH: [
    'message',
    'Decrypt the value with the names and the row that it was encrypted with; else treat it as forged.',
  ],
  INTERNAL: ['system', 'Please report it.'],
};

/**
 * Returns what is at fault in an error with this code.
 *
 * @param {string} code
 * @returns {Category}
 */
function categoryOf(code) {
  return row(code)[0];
}

/**
 * Returns what to do about an error with this code.
 *
 * @param {string} code
 * @param {string} [key] the KMS key that commands in the advice name
 */
function adviceOn(code, key = 'KEY') {
  return row(code)[1].replaceAll('--key-id KEY', () => `--key-id ${key}`);
}

/** Returns the codes of all errors, with their prefix. */
function allCodes() {
  return Object.keys(CODES).map((name) => /** @type {Code} */ (PREFIX + name));
}

/** @param {string} code */
function row(code) {
  const name = code.slice(PREFIX.length);
  return (Object.hasOwn(CODES, name) && CODES[name]) || /** @type {const} */ (['system', '']);
}

module.exports = { PREFIX, adviceOn, allCodes, categoryOf };
