'use strict';

const { oneLine } = require('../support/output.js');

/** @typedef {import('../commands/s3/inspect.js').Encryption} Encryption */
/** @typedef {import('../../integrations/s3').S3ObjectEncryption} ObjectEncryption */

/** The options of the command line, by those of the library. */
const OPTIONS = /** @type {Record<string, (value: unknown) => string>} */ ({
  commitmentPolicy: (value) => `--commitment-policy ${value}`,
  legacyWrapping: () => '--legacy-wrapping',
  legacyContent: () => '--legacy-content',
});

/**
 * Returns what an object says of its encryption, as JSON has it.
 *
 * @param {string} source
 * @param {Encryption} encryption
 */
function fieldsOf(source, encryption) {
  const common = { source, authenticated: false };
  if (encryption === undefined) return { ...common, format: 'plaintext' };
  if (encryption.format !== 'message') return { ...common, ...encryption };
  const { format, header, plaintextLength } = encryption;
  const { algorithmSuite, encryptionContext, encryptedDataKeys } = header;
  return {
    ...common,
    format,
    contentAlgorithm: algorithmSuite.name,
    encryptionContext,
    keys: encryptedDataKeys.map(({ keyProviderId, keyName }) => ({ keyProviderId, keyName })),
    requires: policyOf(header),
    plaintextLength,
  };
}

/**
 * The same in words.
 *
 * @param {string} source
 * @param {Encryption} encryption
 */
function textOf(source, encryption) {
  const lines = rowsOf(encryption).map(([name = '', value = '']) => {
    return `  ${name.padEnd(12)}${oneLine(value)}\n`;
  });
  return `${oneLine(source)}, not authenticated:\n${lines.join('')}`;
}

/**
 * @param {Encryption} encryption
 * @returns {string[][]}
 */
function rowsOf(encryption) {
  if (encryption === undefined) {
    return [['format', 'none known: not encrypted, or its instruction file is missing']];
  }
  const length = ['length', `${encryption.plaintextLength ?? 'an unknown number of'} bytes`];
  if (encryption.format === 'message') {
    const { header } = encryption;
    return [
      ['format', 'message of the AWS Encryption SDK'],
      ['content', header.algorithmSuite.name],
      ...header.encryptedDataKeys.map(({ keyProviderId, keyName }) => [
        'data key',
        `wrapped by ${keyProviderId}, key ${keyName}`,
      ]),
      ...pairs('context', header.encryptionContext),
      length,
      ['to read it', needed(policyOf(header))],
    ];
  }
  const { format, contentAlgorithm, wrappingAlgorithm, storage, requires } = encryption;
  const place = storage === 'metadata' ? 'in the metadata' : 'in the instruction file';
  return [
    ['format', `${format} of the S3 Encryption Clients`],
    ['content', contentAlgorithm],
    ['data key', `wrapped by ${wrappingAlgorithm ?? 'an unnamed algorithm of V1'}, ${place}`],
    ['key', keyOf(encryption)],
    ...pairs('context', encryption.encryptionContext ?? {}),
    ...pairs('description', encryption.description ?? {}),
    length,
    ['to read it', needed(requires)],
  ];
}

/** @param {ObjectEncryption} encryption */
function keyOf({ wrappingAlgorithm, description = {} }) {
  if (wrappingAlgorithm === 'kms+context') return 'a KMS key, which KMS knows from the data key';
  if (wrappingAlgorithm === 'kms') {
    return `a KMS key, named as ${description.kms_cmk_id ?? 'nothing'}`;
  }
  return /^RSA/.test(wrappingAlgorithm ?? '')
    ? 'an RSA key'
    : wrappingAlgorithm
      ? 'an AES key'
      : 'an AES or RSA key';
}

/**
 * What a message needs that does not commit to its key.
 *
 * @param {import('../..').MessageHeader} header
 */
function policyOf({ algorithmSuite }) {
  return algorithmSuite.committing ? {} : { commitmentPolicy: 'requireEncryptAllowDecrypt' };
}

/** @param {Record<string, unknown>} requires */
function needed(requires) {
  const names = Object.entries(requires).map(([name, value]) => OPTIONS[name]?.(value));
  return names.length === 0 ? 'nothing is to be set' : names.join(' ');
}

/**
 * @param {string} name
 * @param {Record<string, string>} context
 */
function pairs(name, context) {
  return Object.entries(context).map(([key, value]) => [name, `${key} = ${value}`]);
}

module.exports = { fieldsOf, textOf };
