'use strict';

const { contextOf } = require('../support/arguments.js');
const { messageProblem } = require('../support/completeness.js');
const { envelopeOf } = require('../support/envelope.js');
const { concernsBranchKey } = require('../support/errors.js');
const { encryptedName, isEncryptedName, plainName } = require('../support/names.js');
const { OF_FILES } = require('../support/options.js');
const { transfer } = require('../support/transfer.js');

/** @param {import('.').Invocation} invocation */
async function run(invocation) {
  const { values } = invocation;
  const encryptionContext = contextOf(values);
  const envelope = envelopeOf(values);
  return transfer(invocation, {
    past: 'encrypted',
    compared: ['length', 'context', 'date'],
    binary: true,
    destinationOf: encryptedName,
    // What goes elsewhere is taken whole; beside the sources lie what earlier runs have made.
    takes: (name, elsewhere) => elsewhere || !isEncryptedName(name),
    counterpartOf: plainName,
    convert: (source, destination, options) =>
      envelope.encryptFile(source, destination, { encryptionContext, ...options }),
    failsAlike: concernsBranchKey,
    stream: (signal) => envelope.encryptStream({ encryptionContext, signal }),
    problemWith: (job, signal) =>
      messageProblem(job, envelope, { encryptionContext, signal, verify: values.verify }),
  });
}

module.exports = {
  summary: 'Encrypt files, folders or standard input',
  usage: '[OPTION...] [FILE|FOLDER...]',
  details: `FILE becomes FILE.encrypted, unless --output says otherwise. Without a file, or
with -, standard input is encrypted to standard output. The file stays as it is.

A file whose destination exists is skipped if that is a complete message under
the key, with the same length and context, and not older than the file; with
--verify, if it decrypts to the content of the file. Anything else is an error,
unless --force replaces it. So an interrupted run is resumed
by the same command.

In folders, symbolic links are left out; so are the files whose names end with
.encrypted, unless --output names another folder.
`,
  options: OF_FILES,
  run,
};
