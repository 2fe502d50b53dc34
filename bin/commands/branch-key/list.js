'use strict';

const { tableStoreOf } = require('../../support/branch-keys.js');
const { usage } = require('../../support/errors.js');
const { jsonLine, oneLine, write } = require('../../support/output.js');

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, signal }) {
  if (positionals.length > 0) throw usage('branch-key list takes options only');
  const ids = await tableStoreOf(values).list({ signal });
  const lines = ids
    .sort()
    .map((branchKeyId) => (values.json ? jsonLine({ branchKeyId }) : `${oneLine(branchKeyId)}\n`));
  await write(lines.join(''));
}

module.exports = {
  summary: 'List the ids of all branch keys in the table',
  usage: '[OPTION...]',
  details: `It reads the whole table, and needs no key.
`,
  options: /** @type {const} */ (['key-store', 'json', 'help']),
  run,
};
