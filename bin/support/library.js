'use strict';

const { keyOf } = require('./arguments.js');

/**
 * Returns the public API. It is loaded only when a command needs it, so that `--help` and `doctor` work even
 * where the addon does not.
 *
 * @returns {typeof import('../..')}
 */
function library() {
  return require('../..');
}

/**
 * Returns the envelope of a command line.
 *
 * @param {import('./arguments.js').Values} values
 */
function envelopeOf(values) {
  const key = keyOf(values);
  const { AwsKmsKeyring, Envelope, LocalKeyring } = library();
  const { 'commitment-policy': policy } = values;
  if (policy === undefined) return new Envelope(key);
  const file = /^local:(.*)$/s.exec(key)?.[1];
  const keyring = file === undefined ? new AwsKmsKeyring({ keyId: key }) : new LocalKeyring(file);
  const commitmentPolicy = /** @type {import('../..').CommitmentPolicy} */ (policy);
  return new Envelope({ keyring, commitmentPolicy });
}

/**
 * Writes a file that appears complete or not at all: the one thing that is not in the public API.
 *
 * @type {typeof import('../../lib/native/new-file.js').writeNewFile}
 */
function writeNewFile(...args) {
  return require('../../lib/native/new-file.js').writeNewFile(...args);
}

module.exports = { envelopeOf, library, writeNewFile };
