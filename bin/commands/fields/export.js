'use strict';

const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');

const { OF_BRANCH_KEY } = require('../../support/branch-key-options.js');
const { usage } = require('../../support/errors.js');
const { purposeOf, refusePositionals, withFields } = require('../../support/field-keys.js');
const { writeNewFile } = require('../../support/library.js');
const { refuseClosedOutput, write } = require('../../support/output.js');

const KMS = 'aws-kms://';

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, signal }) {
  refusePositionals('export', positionals);
  const { output, force = false } = values;
  if (output === undefined || output === '-') refuseClosedOutput();
  const options = { ...exportOptions(values), signal };
  const purpose = purposeOf(values);
  const keyset = await withFields(values, { signal }, (fields) =>
    fields.keyset(purpose).export(options),
  );
  try {
    await put(keyset, output, force);
  } finally {
    keyset.fill(0);
  }
}

/**
 * @param {import('..').Values} values
 * @returns {import('../../..').KeysetExportOptions}
 */
function exportOptions(values) {
  const { form = 'tink-encrypted-json', 'to-key': key, 'associated-data': data } = values;
  const to = /** @type {import('../../..').KeysetForm} */ (form);
  if (!to.includes('encrypted')) {
    if (key === undefined && data === undefined) return { to };
    throw usage(`--form ${to} is in the clear: it has no --to-key and no --associated-data`);
  }
  if (!key) throw usage('give --to-key, the KMS key to encrypt the keyset under');
  const keyring = /** @type {`aws-kms://${string}`} */ (key.startsWith(KMS) ? key : KMS + key);
  return { to, keyring, ...(data === undefined ? {} : { associatedData: data }) };
}

/**
 * @param {Buffer} keyset
 * @param {string | undefined} output
 * @param {boolean} force
 */
async function put(keyset, output, force) {
  if (output === undefined || output === '-') return write(/** @type {any} */ (keyset));
  await writeNewFile(output, force, (sink) => pipeline(Readable.from([keyset]), sink));
}

module.exports = {
  summary: 'Write a keyset as Google Tink reads it, for other languages',
  usage: '--tenant NAME --to-key KEY [OPTION...]',
  details: `The keyset of --purpose, encrypted under a KMS key as tinkey does it. With
--form tink-json or tink-binary it is in the clear: whoever sees it has the
keys. Only the owner can read the file that --output names.
`,
  options: /** @type {const} */ ([
    'key',
    ...OF_BRANCH_KEY,
    'store',
    'tenant',
    'purpose',
    'form',
    'to-key',
    'associated-data',
    'output',
    'force',
    'json',
    'help',
  ]),
  run,
};
