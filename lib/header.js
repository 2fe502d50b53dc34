'use strict';

const binding = require('./native/load.js');
const args = require('./input/index.js');
const { native } = require('./errors.js');

/**
 * Returns the header of a message, without a key: nothing of it is authenticated.
 *
 * @param {unknown} message
 */
function inspect(message) {
  const input = args.bytes(message, 'message');
  return describeFields(native(() => binding.inspectHeader(input)));
}

/**
 * Returns a header as a plain object.
 *
 * @param {Pick<import('../binding').Transform, 'fields'>} header of a transform, or a reader
 * @returns {import('../index').MessageHeader}
 */
function describe(header) {
  return describeFields(native(() => header.fields()));
}

/**
 * @param {import('../binding').HeaderFields} fields
 * @returns {import('../index').MessageHeader}
 */
function describeFields(fields) {
  return {
    version: fields.version === 1 ? 1 : 2,
    algorithmSuite: {
      id: /** @type {import('../index').AlgorithmSuiteId} */ (fields.suiteId),
      name: /** @type {import('../index').AlgorithmSuiteName} */ (fields.suiteName),
      committing: fields.commits,
      signed: fields.signed,
    },
    messageId: fields.messageId,
    encryptionContext: Object.fromEntries(fields.encryptionContext),
    encryptedDataKeys: fields.encryptedDataKeys,
    contentType: fields.framed ? 'framed' : 'non-framed',
    frameLength: fields.frameLength,
    headerLength: fields.headerLength,
  };
}

module.exports = { describe, inspect };
