'use strict';

const { describe } = require('./errors.js');

const TO_DO = /** @type {Record<string, (key: string) => string>} */ ({
  INVALID_ARGUMENT: () => 'name a KMS key id, ARN, alias (alias/NAME) or alias ARN, or local:PATH',
  KEY_FILE: () => 'do as the error says; kms-envelope keygen PATH makes a new key file',
  CONFIGURATION: () => 'write what the error says, where it says; then run doctor again',
  KMS_NO_CREDENTIALS: () =>
    'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role gives ' +
    'them; then try: aws sts get-caller-identity',
  KMS_BAD_CREDENTIALS: () =>
    'renew them (such as with aws sso login), check the clock; then try: ' +
    'aws sts get-caller-identity',
  KMS_NO_REGION: () => 'set AWS_REGION, or name the key by its ARN',
  KMS_ACCESS_DENIED: () =>
    'allow kms:GenerateDataKey (to encrypt) and kms:Decrypt (to decrypt) on the key, in the IAM ' +
    'policy of the caller and in the key policy; aws sts get-caller-identity tells who calls',
  KMS_KEY_NOT_FOUND: (key) =>
    `check the name, the account and the Region: aws kms describe-key --key-id ${key}`,
  KMS_KEY_DISABLED: (key) => `enable it: aws kms enable-key --key-id ${key}`,
  KMS_KEY_STATE: (key) =>
    `look at its KeyState: aws kms describe-key --key-id ${key}; if it is pending deletion: ` +
    'aws kms cancel-key-deletion',
  KMS_KEY_USAGE: () => 'name a symmetric key for encryption; aws kms create-key makes one',
  KMS_THROTTLED: () => 'try again later; if it happens often, raise the quota of KMS requests',
  KMS_TIMEOUT: unreachable,
  KMS_UNREACHABLE: unreachable,
  KMS_INTERNAL: () => 'try again; if it stays, look at the AWS Health Dashboard',
});

/**
 * What to do about an error of the key.
 *
 * @param {unknown} error
 * @param {string} key
 */
function advice(error, key) {
  const { code } = describe(error);
  const toDo = TO_DO[code.replace('ERR_ENVELOPE_', '')];
  return toDo?.(key) ?? `look ${code} up in docs/errors.md of kms-envelope`;
}

function unreachable() {
  return (
    'check the network, the Region, AWS_ENDPOINT_URL_KMS, and HTTPS_PROXY; in a VPC without ' +
    'internet access, add a VPC endpoint for KMS'
  );
}

module.exports = { advice };
