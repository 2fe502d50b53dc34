'use strict';

const { keyOf } = require('./arguments.js');
const { branchKeyringOf } = require('./branch-keys.js');
const { usage } = require('./errors.js');
const { library } = require('./library.js');

/** @typedef {import('./arguments.js').Values} Values */

/** Options that say nothing without a branch key. */
const OF_STORE = /** @type {const} */ (['key-store', 'logical-name', 'multi-region']);

/**
 * Returns the envelope of a command line.
 *
 * @param {Values} values
 * @param {{ key: string, branchKeyId?: string }} [names] of the key, and of the branch key under it
 */
function envelopeOf(values, names = { key: keyOf(values), branchKeyId: values['branch-key'] }) {
  refuseLoneStore(values);
  const { Envelope } = library();
  const { 'commitment-policy': policy } = values;
  const { key, branchKeyId } = names;
  const cache = values.cache ? {} : undefined;
  if (!policy && branchKeyId === undefined && !cache) return new Envelope(key);
  const keyring =
    branchKeyId === undefined ? keyringOf(key) : branchKeyringOf(values, branchKeyId, key);
  const commitmentPolicy = /** @type {import('../..').CommitmentPolicy | undefined} */ (policy);
  return new Envelope({ keyring, commitmentPolicy, cache });
}

/**
 * Returns the keyring of a key.
 *
 * @param {string} key
 */
function keyringOf(key) {
  const { AwsKmsKeyring, LocalKeyring } = library();
  const file = /^local:(.*)$/s.exec(key)?.[1];
  return file === undefined ? new AwsKmsKeyring({ keyId: key }) : new LocalKeyring(file);
}

/**
 * Refuses a key store without a branch key: the key itself would be used in silence.
 *
 * @param {Values} values
 */
function refuseLoneStore(values) {
  if (values['branch-key'] !== undefined || values['to-branch-key'] !== undefined) return;
  const lone = OF_STORE.find((name) => values[name] !== undefined);
  if (lone) throw usage(`--${lone} is for branch keys; give --branch-key, too`);
}

module.exports = { envelopeOf };
