'use strict';

const { isAddress, parseObject } = require('../../s3/address.js');
const { withS3 } = require('../../s3/client.js');
const { describeFile } = require('../../s3/local-object.js');
const { fieldsOf, textOf } = require('../../s3/description.js');
const { commonExitCode, exitCodeOf, usage } = require('../../support/errors.js');
const { library } = require('../../support/library.js');
const { jsonLine, write } = require('../../support/output.js');

/** @typedef {import('..').Invocation} Invocation */
/** @typedef {Awaited<ReturnType<import('../../../integrations/s3').EncryptedS3['head']>>['encryption']} Encryption */

/** @param {Invocation} invocation */
async function run(invocation) {
  const { values, positionals, reporter, signal } = invocation;
  if (positionals.length === 0) throw usage('give an object: s3://BUCKET/KEY, or a file');
  if (values.metadata !== undefined && positionals.length > 1) {
    throw usage('--metadata is of one file; give one');
  }
  const exits = new Set();
  for (const source of positionals) {
    let encryption;
    try {
      encryption = await describe(source, invocation);
    } catch (error) {
      signal.throwIfAborted();
      reporter.failure(error, { source });
      exits.add(exitCodeOf(error));
      continue;
    }
    await write(values.json ? jsonLine(fieldsOf(source, encryption)) : textOf(source, encryption));
  }
  return commonExitCode(exits);
}

/**
 * @param {string} source
 * @param {Invocation} invocation
 * @returns {Promise<Encryption>}
 */
async function describe(source, { values, signal }) {
  if (!isAddress(source)) return describeFile(source, values.metadata);
  if (values.metadata !== undefined) throw usage('--metadata is for a file');
  const place = parseObject(source);
  return withS3(source, async ({ client, EncryptedS3 }) => {
    const { suffix } = values;
    const s3 = new EncryptedS3({ client, ...keyless(), instructionFileSuffix: suffix });
    return (await s3.head(place, { signal })).encryption;
  });
}

/** A key that nothing is under: to look at metadata, none is needed. */
function keyless() {
  const { Envelope, RawAesKeyring } = library();
  const names = { keyNamespace: 'none', keyName: 'none' };
  const keyring = new RawAesKeyring({ ...names, wrappingKey: Buffer.alloc(32) });
  return { keyring, envelope: new Envelope({ keyring }) };
}

module.exports = {
  summary: 'Show what objects say of their encryption, without a key',
  usage: '[OPTION...] s3://BUCKET/KEY|FILE...',
  details: `It tells the format, the algorithms, the encryption context, where the data key
is, and what must be set to read the object. KMS is not called, and nothing of
what it shows is authenticated: use it to look, not to decide.

Of a FILE, --metadata has the metadata, and FILE.instruction is looked for
beside it; without either it is taken for a message, as those need none.
`,
  options: /** @type {const} */ (['metadata', 'suffix', 'json', 'help']),
  run,
};
