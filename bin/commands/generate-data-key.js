'use strict';

const { contextOf, wholeNumberOf } = require('../support/arguments.js');
const { OF_BRANCH_KEY } = require('../support/branch-key-options.js');
const { usage } = require('../support/errors.js');
const { envelopeOf } = require('../support/envelope.js');
const { jsonLine, oneLine, refuseClosedOutput, write } = require('../support/output.js');

/** @param {import('.').Invocation} invocation */
async function run({ values, positionals, signal }) {
  if (positionals.length > 0) throw usage('generate-data-key takes no file');
  refuseClosedOutput();
  const numberOfBytes = wholeNumberOf(values, 'bytes', 1024) ?? 32;
  const encryptionContext = contextOf(values);
  const options = { numberOfBytes, encryptionContext, signal };
  const key = await envelopeOf(values).generateDataKey(options);
  try {
    const { keyId, keyMaterialId, requestId } = key;
    const plaintext = key.plaintext.toString('base64');
    const ciphertextBlob = key.ciphertextBlob.toString('base64');
    await write(
      values.json
        ? jsonLine({ keyId, plaintext, ciphertextBlob, keyMaterialId, requestId })
        : `key        ${oneLine(keyId)}\nplaintext  ${plaintext}\nwrapped    ${ciphertextBlob}\n`,
    );
  } finally {
    key.plaintext.fill(0);
  }
}

module.exports = {
  summary: 'Make a data key for code of your own',
  usage: '[OPTION...]',
  details: `It prints the data key, which is secret, and its wrapped form, which is to be
stored, both in Base64. The library's decryptDataKey unwraps it again, given the
same encryption context.
`,
  options: /** @type {const} */ (['key', ...OF_BRANCH_KEY, 'context', 'bytes', 'json', 'help']),
  run,
};
