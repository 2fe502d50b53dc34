'use strict';

const { branchKeyIdOf, keyStoreOf } = require('../../support/branch-keys.js');
const { jsonLine, oneLine, write } = require('../../support/output.js');

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, signal }) {
  const id = branchKeyIdOf('rotate', positionals);
  const rotated = await keyStoreOf(values).rotate(id, { signal });
  const text = `rotated ${oneLine(id)}; version ${rotated.version} wraps from now on\n`;
  await write(values.json ? jsonLine(rotated) : text);
}

module.exports = {
  summary: 'Make a new version of a branch key, which wraps from now on',
  usage: '[OPTION...] ID',
  details: `The older versions go on to unwrap, so old messages stay readable. Processes
that run use the new version once their cache is maxAgeMs old. --key is the ARN
of the KMS key.
`,
  options: /** @type {const} */ ([
    'key',
    'key-store',
    'logical-name',
    'multi-region',
    'json',
    'help',
  ]),
  run,
};
