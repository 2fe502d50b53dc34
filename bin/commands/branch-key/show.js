'use strict';

const { branchKeyIdOf, tableStoreOf } = require('../../support/branch-keys.js');
const { jsonLine, oneLine, write } = require('../../support/output.js');

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, signal }) {
  const id = branchKeyIdOf('show', positionals);
  const description = await tableStoreOf(values).describe(id, { signal });
  await write(values.json ? jsonLine({ ...description, authenticated: false }) : text(description));
}

/** @param {import('../../..').BranchKeyDescription} description */
function text({ branchKeyId, activeVersion, versions, kmsKeyId, encryptionContext }) {
  const rows = [
    ['KMS key', kmsKeyId],
    ...Object.entries(encryptionContext).map(([name, value]) => ['context', `${name} = ${value}`]),
    ...versions.map(({ version, createTime }) => [
      version === activeVersion ? 'active' : 'unwraps',
      `version ${version}, made ${createTime}`,
    ]),
  ];
  const lines = rows.map(([name = '', value = '']) => `  ${name.padEnd(12)}${oneLine(value)}\n`);
  return `${oneLine(branchKeyId)}, not authenticated:\n${lines.join('')}`;
}

module.exports = {
  summary: 'Show a branch key: its versions, KMS key and context',
  usage: '[OPTION...] ID',
  details: `It shows no secret, and needs no key: KMS is not asked whether what the table
has is authentic.
`,
  options: /** @type {const} */ (['key-store', 'json', 'help']),
  run,
};
