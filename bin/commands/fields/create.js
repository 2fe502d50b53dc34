'use strict';

const { wholeNumberOf } = require('../../support/arguments.js');
const { OF_BRANCH_KEY } = require('../../support/branch-key-options.js');
const { usage } = require('../../support/errors.js');
const { refusePositionals, withFields } = require('../../support/field-keys.js');
const { jsonLine, oneLine, write } = require('../../support/output.js');

const NOT_FOUND = ['ERR_ENVELOPE_KEYSET_NOT_FOUND', 'ERR_ENVELOPE_FILE_NOT_FOUND'];
/** A day: who needs longer has another problem. */
const MOST_SECONDS = 86_400;

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, signal }) {
  refusePositionals('create', positionals);
  const keyType = /** @type {any} */ (values['key-type']);
  const refreshSeconds = wholeNumberOf(values, 'refresh-seconds', MOST_SECONDS);
  const refreshMs = refreshSeconds && refreshSeconds * 1000;
  await refuseExisting(values, signal);
  const options = { create: true, keyType, refreshMs, signal };
  const { tenant, keys } = await withFields(values, options, async (fields) => ({
    tenant: fields.tenant,
    keys: fields.keys().map(({ id, purpose, type }) => ({ id, purpose, type })),
  }));
  const lines = keys.map(({ id, purpose, type }) => `  ${purpose.padEnd(14)} ${type}, ${id}\n`);
  await write(
    values.json
      ? jsonLine({ tenant, keys })
      : `made the keys of ${oneLine(tenant)}:\n${lines.join('')}`,
  );
}

/**
 * What is there stays: whoever asks for new keys must not be given old ones in silence.
 *
 * @param {import('..').Values} values
 * @param {AbortSignal} signal
 */
async function refuseExisting(values, signal) {
  try {
    await withFields(values, { signal }, async () => {});
  } catch (error) {
    // A database, or its table, that is not there yet, is made.
    if (NOT_FOUND.includes(/** @type {any} */ (error).code)) return;
    throw error;
  }
  throw usage('the store has keys of this tenant already; see kms-envelope fields show');
}

module.exports = {
  summary: 'Make the keys of a tenant, once',
  usage: '--tenant NAME [OPTION...]',
  details: `It makes a key that encrypts, one for deterministic columns and one for indexes,
and stores them, encrypted under --key. In a database it makes the table
field_keys, if that is not there.
`,
  options: /** @type {const} */ ([
    'key',
    ...OF_BRANCH_KEY,
    'store',
    'tenant',
    'key-type',
    'refresh-seconds',
    'json',
    'help',
  ]),
  run,
};
