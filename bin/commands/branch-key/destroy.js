'use strict';

const { branchKeyIdOf, tableStoreOf } = require('../../support/branch-keys.js');
const { confirm, refuseUnasked } = require('../../support/confirm.js');
const { jsonLine, oneLine, write } = require('../../support/output.js');

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, signal }) {
  const id = branchKeyIdOf('destroy', positionals);
  refuseUnasked(values);
  const store = tableStoreOf(values);
  if (!values.yes) await confirm('All data under', { name: id, called: 'id' }, signal);
  const { versions } = await store.destroy(id, { signal });
  const number = `${versions} ${versions === 1 ? 'version' : 'versions'}`;
  const text = `destroyed ${number} of ${oneLine(id)}; what it protected can be read no more\n`;
  await write(values.json ? jsonLine({ branchKeyId: id, versions, destroyed: true }) : text);
}

module.exports = {
  summary: 'Destroy all versions of a branch key: nothing under it can be read any more',
  usage: '[OPTION...] ID',
  details: `It cannot be undone, and asks before; with --yes it does not. Processes that run
lose the branch key once their cache is maxAgeMs old. Backups of the table must
go, too. It needs no key. Interrupted, it is resumed by the same command.
`,
  options: /** @type {const} */ (['key-store', 'yes', 'json', 'help']),
  run,
};
