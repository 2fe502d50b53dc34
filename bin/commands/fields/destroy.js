'use strict';

const { confirm, refuseUnasked } = require('../../support/confirm.js');
const { Failure } = require('../../support/errors.js');
const { refusePositionals, tenantOf, withStore } = require('../../support/field-keys.js');
const { jsonLine, oneLine, write } = require('../../support/output.js');

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, signal }) {
  refusePositionals('destroy', positionals);
  const tenant = tenantOf(values);
  refuseUnasked(values);
  await withStore(values, false, async (store) => {
    if (!(await store.load(tenant))) {
      throw new Failure('KEYSET_NOT_FOUND', 'the store has no keys of this tenant');
    }
    if (!values.yes) await confirm('All values of', { name: tenant, called: 'name' }, signal);
    await store.remove(tenant);
  });
  await write(
    values.json
      ? jsonLine({ tenant, destroyed: true })
      : `destroyed the keys of ${oneLine(tenant)}; its values can be read no more\n`,
  );
}

module.exports = {
  summary: 'Destroy all keys of a tenant: none of its values can be read any more',
  usage: '--tenant NAME [OPTION...]',
  details: `It cannot be undone, and asks before; with --yes it does not. Processes that
have the keys in memory lose them within the refresh time. Backups of the store
must go, too. It needs no key: what nobody can decrypt can be destroyed.
`,
  options: /** @type {const} */ (['store', 'tenant', 'yes', 'json', 'help']),
  run,
};
