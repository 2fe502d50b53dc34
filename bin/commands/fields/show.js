'use strict';

const { OF_BRANCH_KEY } = require('../../support/branch-key-options.js');
const { refusePositionals, withFields } = require('../../support/field-keys.js');
const { jsonLine, oneLine, write } = require('../../support/output.js');

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, signal }) {
  refusePositionals('show', positionals);
  const shown = await withFields(values, { signal }, async (fields) => ({
    tenant: fields.tenant,
    refreshMs: fields.refreshMs,
    // How many values this process has encrypted says nothing here.
    keys: fields.keys().map(({ encrypted, ...key }) => key),
  }));
  await write(values.json ? jsonLine(shown) : text(shown));
}

/**
 * @param {{
 *   tenant: string, refreshMs: number,
 *   keys: Omit<import('../../..').FieldKeyInfo, 'encrypted'>[],
 * }} shown
 */
function text({ tenant, refreshMs, keys }) {
  const lines = keys.map(({ id, purpose, type, enabled, primary, waitMs }) => {
    const state = primary ? 'encrypts' : enabled ? 'decrypts' : 'disabled';
    const wait = waitMs > 0 ? `, next step in ${Math.ceil(waitMs / 1000)} s` : '';
    return `  ${purpose.padEnd(14)} ${String(id).padEnd(11)} ${type}, ${state}${wait}\n`;
  });
  return `${oneLine(tenant)}, known to all within ${refreshMs / 1000} s:\n${lines.join('')}`;
}

module.exports = {
  summary: 'Show the keys of a tenant: ids, types and states',
  usage: '--tenant NAME [OPTION...]',
  details: `It shows no secret.
`,
  options: /** @type {const} */ (['key', ...OF_BRANCH_KEY, 'store', 'tenant', 'json', 'help']),
  run,
};
