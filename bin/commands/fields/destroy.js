'use strict';

const readline = require('node:readline/promises');

const { Failure, usage } = require('../../support/errors.js');
const { refusePositionals, tenantOf, withStore } = require('../../support/field-keys.js');
const { jsonLine, oneLine, write } = require('../../support/output.js');

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, signal }) {
  refusePositionals('destroy', positionals);
  const tenant = tenantOf(values);
  if (!values.yes && !process.stdin.isTTY) {
    throw usage('this cannot be undone; give --yes, or run it on a terminal, where it asks');
  }
  await withStore(values, false, async (store) => {
    if (!(await store.load(tenant))) {
      throw new Failure('KEYSET_NOT_FOUND', 'the store has no keys of this tenant');
    }
    if (!values.yes) await confirm(tenant, signal);
    await store.remove(tenant);
  });
  await write(
    values.json
      ? jsonLine({ tenant, destroyed: true })
      : `destroyed the keys of ${oneLine(tenant)}; its values can be read no more\n`,
  );
}

/**
 * Asks for the name, which nobody types by accident.
 *
 * @param {string} tenant
 * @param {AbortSignal} signal
 */
async function confirm(tenant, signal) {
  const asked = readline.createInterface({ input: process.stdin, output: process.stderr });
  try {
    const text = `All values of ${oneLine(tenant)} will be lost. Type its name to go on: `;
    if ((await asked.question(text, { signal })) === tenant) return;
  } finally {
    asked.close();
  }
  throw new Failure('ABORTED', 'nothing was destroyed', { exit: 1 });
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
