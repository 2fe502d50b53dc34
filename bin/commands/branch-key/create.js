'use strict';

const { contextOf } = require('../../support/arguments.js');
const { branchKeyIdOf, keyStoreOf } = require('../../support/branch-keys.js');
const { usage } = require('../../support/errors.js');
const { jsonLine, oneLine, refuseClosedOutput, write } = require('../../support/output.js');

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, signal }) {
  const encryptionContext = contextOf(values);
  const branchKeyId = positionals.length > 0 ? branchKeyIdOf('create', positionals) : undefined;
  if (branchKeyId !== undefined && Object.keys(encryptionContext).length === 0) {
    throw usage('a branch key with an id of yours needs --context, such as tenant=blue');
  }
  refuseClosedOutput();
  const store = keyStoreOf(values);
  if (values['create-table']) await store.createTable({ signal });
  const created = await store.create({ branchKeyId, encryptionContext, signal });
  await write(values.json ? jsonLine(created) : told(created));
}

/** @param {import('../../..').CreatedBranchKey} created */
function told({ branchKeyId, version }) {
  return `created ${oneLine(branchKeyId)}, version ${version}\n`;
}

module.exports = {
  summary: 'Create a branch key, once',
  usage: '[OPTION...] [ID]',
  details: `The pairs of --context are authenticated with each record of the branch key, and
needed with an ID; messages have their own. Without an ID it gets a random one.
--key is the ARN of the KMS key. It makes three calls of KMS, and one write of
three items, all or none.
`,
  options: /** @type {const} */ ([
    'key',
    'key-store',
    'logical-name',
    'multi-region',
    'context',
    'create-table',
    'json',
    'help',
  ]),
  run,
};
