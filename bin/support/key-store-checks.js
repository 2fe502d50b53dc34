'use strict';

const crypto = require('node:crypto');

const { region } = require('./aws-environment.js');
const { branchKeyringOf, logicalNameOf, tableNameOf, tableStoreOf } = require('./branch-keys.js');
const { checkUse, failure, skipped, works } = require('./checks.js');
const { library } = require('./library.js');

/** @typedef {import('./arguments.js').Values} Values */
/** @typedef {import('./checks.js').Check} Check */
/** @typedef {import('./checks.js').CheckOptions} CheckOptions */

/** What the table answers, or what comes before it is asked; KMS is asked later. */
const OF_TABLE = /^ERR_ENVELOPE_(KEY_STORE_\w+|KMS_NO_REGION|KMS_\w+_CREDENTIALS|CONFIGURATION)$/;
const OF_BRANCH_KEY = /^ERR_ENVELOPE_BRANCH_KEY_/;
const DENIED = /_ACCESS_DENIED$/;

/**
 * Returns whether a key store can be used, and for what: one may be allowed to encrypt and not to create.
 * Nothing is changed in it.
 *
 * @param {Values} values
 * @param {string} key the KMS key
 * @param {CheckOptions} options
 * @returns {Promise<Check[]>}
 */
async function checkKeyStore(values, key, options) {
  const branchKeyId = values['branch-key'];
  // Nothing has this id, so that reading it shows only whether the table can be read.
  const id = branchKeyId ?? crypto.randomUUID();
  let keyring;
  try {
    keyring = branchKeyringOf(values, id, key);
  } catch (error) {
    return [failure('key-store', error, key)];
  }
  const envelope = new (library().Envelope)({ keyring });
  const [encrypt, decrypt] = await checkUse(() => envelope, options, key);
  const read = ofReading(encrypt, branchKeyId);
  const checks = [works('key-store', placeOf(values)), read];
  if (read.status === 'failed' && !DENIED.test(String(read.code))) return checks;
  checks.push(await checkShow(values, id, options));
  checks.push(await checkCreate(logicalNameOf(values), id, key, options));
  const untried = 'dynamodb:PutItem and dynamodb:DeleteItem: nothing is changed';
  checks.push(skipped('write', untried));
  if (read.status !== 'ok') return checks;
  if (branchKeyId !== undefined) return [...checks, encrypt, decrypt];
  return [...checks, skipped('encrypt', 'no branch key is named; give --branch-key')];
}

/** @param {Values} values */
function placeOf(values) {
  const table = String(tableNameOf(values));
  const origin = values['key-store'] === undefined ? 'BRANCH_KEY_STORE' : '--key-store';
  return `${table} (${logicalNameOf(values)}), from ${origin}; Region: ${region(table)}`;
}

/**
 * Returns what encrypting tells of reading the table, which comes first.
 *
 * @param {Check} encrypt
 * @param {string} [branchKeyId] the branch key that is needed
 * @returns {Check}
 */
function ofReading(encrypt, branchKeyId) {
  const action = 'dynamodb:GetItem';
  const uses = 'to encrypt, decrypt and rotate';
  if (!OF_TABLE.test(encrypt.code ?? '')) return works('read', allowed(action, uses));
  if (branchKeyId === undefined && DENIED.test(encrypt.code ?? '')) {
    return { name: 'read', status: 'info', detail: notAllowed(action, uses) };
  }
  return { ...encrypt, name: 'read' };
}

/**
 * @param {Values} values
 * @param {string} id
 * @param {CheckOptions} options
 */
function checkShow(values, id, { signal }) {
  const permission = { action: 'dynamodb:Query', uses: 'to show and destroy' };
  return attempt('show', permission, () => tableStoreOf(values).describe(id, { signal }));
}

/**
 * Tries what KMS does for a new branch key, with a data key that nobody keeps.
 *
 * @param {string} logicalName
 * @param {string} id
 * @param {string} key
 * @param {CheckOptions} options
 */
function checkCreate(logicalName, id, key, { signal }) {
  const action = 'kms:GenerateDataKeyWithoutPlaintext and kms:ReEncrypt*';
  const { AwsKmsKeyring, Envelope } = library();
  return attempt('create', { action, uses: 'to create and rotate' }, async () => {
    const envelope = new Envelope({ keyring: new AwsKmsKeyring({ keyId: key }) });
    // What a policy may ask for in the context of a record.
    const encryptionContext = { tablename: logicalName, 'branch-key-id': id };
    const options = { encryptionContext, signal };
    const { ciphertextBlob } = await envelope.generateDataKeyWithoutPlaintext(options);
    await envelope.rewrapDataKey(ciphertextBlob, envelope, options);
  });
}

/**
 * Returns whether a call is allowed; that it is not is no failure, as roles differ.
 *
 * @param {string} name
 * @param {{ action: string, uses: string }} permission
 * @param {() => Promise<unknown>} call
 * @returns {Promise<Check>}
 */
async function attempt(name, { action, uses }, call) {
  try {
    await call();
  } catch (error) {
    const { code } = /** @type {import('../..').EnvelopeError} */ (error);
    if (DENIED.test(code)) return { name, status: 'info', detail: notAllowed(action, uses) };
    // It was read, and encrypting tells what is wrong with it.
    if (!OF_BRANCH_KEY.test(code)) return failure(name, error);
  }
  return works(name, allowed(action, uses));
}

/**
 * @param {string} action
 * @param {string} uses
 */
function allowed(action, uses) {
  return `${action} is allowed, which is needed ${uses}`;
}

/**
 * @param {string} action
 * @param {string} uses
 */
function notAllowed(action, uses) {
  return `${action} is not allowed, which is needed only ${uses}`;
}

module.exports = { checkKeyStore };
