'use strict';

const { usage } = require('../support/errors.js');
const { library } = require('../support/library.js');
const { jsonLine, oneLine, write } = require('../support/output.js');

/** @param {import('.').Invocation} invocation */
async function run({ values, positionals }) {
  const [path, ...others] = positionals;
  if (!path || others.length > 0) throw usage('keygen takes one path, such as ./dev.key');
  library().LocalKeyring.generate(path);
  const key = `local:${path}`;
  await write(values.json ? jsonLine({ key, path }) : `${oneLine(key)}\n`);
}

module.exports = {
  summary: 'Make a local key file, for development, tests and offline use',
  usage: '[OPTION...] PATH',
  details: `Only its owner can read the file, and an existing one is never overwritten. It
prints what to give as --key, or to set as ENCRYPTION_KEY_ID. Without the file,
what it encrypted is lost.
`,
  options: /** @type {const} */ (['json', 'help']),
  run,
};
