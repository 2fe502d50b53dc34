'use strict';

const { contextOf } = require('../support/arguments.js');
const { plaintextProblem } = require('../support/completeness.js');
const { envelopeOf } = require('../support/envelope.js');
const { encryptedName, isEncryptedName, plainName } = require('../support/names.js');
const { OF_FILES } = require('../support/options.js');
const { transfer } = require('../support/transfer.js');

/** @param {import('.').Invocation} invocation */
async function run(invocation) {
  const { values } = invocation;
  const encryptionContext = contextOf(values);
  const envelope = envelopeOf(values);
  return transfer(invocation, {
    past: 'decrypted',
    compared: ['length', 'date'],
    binary: false,
    destinationOf: plainName,
    takes: isEncryptedName,
    counterpartOf: encryptedName,
    convert: (source, destination, options) =>
      envelope.decryptFile(source, destination, { encryptionContext, ...options }),
    stream(signal, toFile) {
      // A file appears only once the signature, at the end, has verified.
      const signed = toFile ? 'release-before-verified' : 'refuse';
      return envelope.decryptStream({ encryptionContext, signal, signed });
    },
    problemWith: (job, signal) =>
      plaintextProblem(job, envelope, { encryptionContext, signal, verify: values.verify }),
  });
}

module.exports = {
  summary: 'Decrypt files, folders or standard input',
  usage: '[OPTION...] [FILE|FOLDER...]',
  details: `FILE.encrypted becomes FILE, unless --output says otherwise. Without a file, or
with -, standard input is decrypted to standard output. A file appears at its
place only once all of it has verified.

To standard output, each frame is written as soon as it has verified, but only
the end tells whether the message is whole. If the command does not end with
exit code 0, what it has written before must be discarded.

A file whose destination exists is skipped if that has the length that the
message authenticates, and is not older than the message; with --verify, if it
has the content of the message. Anything else is an error, unless --force
replaces it.

In folders, symbolic links are left out; so are the files whose names do not end
with .encrypted.
`,
  options: OF_FILES,
  run,
};
