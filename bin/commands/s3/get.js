'use strict';

const path = require('node:path');
const { pipeline } = require('node:stream/promises');

const { parseObject } = require('../../s3/address.js');
const { withS3 } = require('../../s3/client.js');
const { contextToRead, readOptions } = require('../../s3/keys.js');
const { usage } = require('../../support/errors.js');
const { standardOutput } = require('../../support/output.js');
const { OF_S3_READ } = require('../../support/s3-options.js');

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, reporter, signal }) {
  const [source = '', ...others] = positionals;
  if (source === '' || others.length > 0) throw usage('give one object: s3://BUCKET/KEY');
  const place = parseObject(source);
  const { output = path.posix.basename(place.Key), force = false } = values;
  if (output === '') throw usage('--output must not be empty');
  const context = contextToRead(values);
  const options = readOptions(values);
  await withS3(source, async ({ client, EncryptedS3 }) => {
    const s3 = new EncryptedS3({ client, ...options });
    const encryptionContext =
      context === 'any' ? namedContext((await s3.head(place, { signal })).encryption) : context;
    if (output === '-') {
      const { stream } = await s3.getStream(place, { encryptionContext, signal });
      return pipeline(stream, standardOutput(), { signal });
    }
    await s3.getFile(place, output, { encryptionContext, signal, overwrite: force });
    const value = { status: 'decrypted', source, destination: output };
    await reporter.result(value, `decrypted ${source} -> ${output}`);
  });
}

/** @param {any} encryption what `head` tells of an object */
function namedContext(encryption) {
  return encryption?.header ? undefined : encryption?.encryptionContext;
}

module.exports = {
  summary: 'Get an object, and decrypt it',
  usage: '[OPTION...] s3://BUCKET/KEY',
  details: `It writes a file of the last part of KEY's name, or --output, once all has
verified. What has come until then lies in a file without a name, in the same
folder. Of a message to standard output (--output -), each frame is written as
soon as it has verified: if the exit code is not 0, discard what was written.

Objects that do not commit to their key (V1, V2) need --commitment-policy
requireEncryptAllowDecrypt, and older ones also --legacy-wrapping or
--legacy-content: kms-envelope s3 inspect tells.
`,
  options: /** @type {const} */ ([...OF_S3_READ, 'output', 'force', 'json', 'quiet', 'help']),
  run,
};
