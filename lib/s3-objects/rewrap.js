'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { abortable } = require('../calls/abort.js');
const { EnvelopeError, invalid } = require('../errors.js');
const { nativeKeyring } = require('../keyrings/index.js');
const {
  BINDING_PAIR,
  FORMAT_PAIRS,
  fromFlat,
  instructionText,
  parseMetadata,
} = require('./metadata.js');

/** @typedef {ReturnType<typeof import('./read.js').readSettings>} ReadSettings */

/** How an instruction file names its wrapped data key, and the encryption context of that. */
const NAMES = /** @type {Record<string, { key: string, context: string }>} */ ({
  V2: { key: 'x-amz-key-v2', context: 'x-amz-matdesc' },
  V3: { key: 'x-amz-3', context: 'x-amz-t' },
});

/**
 * Returns the text of an instruction file whose data key is wrapped again, inside KMS: under another key,
 * under another encryption context, or both. The object must open under the settings, so that what could not
 * be read before is not written anew.
 *
 * @param {{ metadata: unknown, instructionFile: unknown }} object
 * @param {ReadSettings} settings
 * @param {ReturnType<typeof rewrapTarget>} target
 * @returns {Promise<string>}
 */
async function rewrapInstructions({ metadata, instructionFile }, settings, target) {
  const { keyring, context, policy, signal } = settings;
  const { to = keyring, newContext = context } = target;
  const parsed = parseMetadata(metadata, instructionFile);
  const fields = JSON.parse(/** @type {string} */ (instructionText(instructionFile)));
  const names = namesIn(fields, parsed);
  const stored = parsed.description.flat();
  const bound = [...newContext, ...parsed.description.filter(isBinding).flat()];
  await abortable(signal, (caller) => parsed.open(keyring, policy, context, caller));
  const wrapped = Buffer.from(fields[names.key], 'base64');
  const { ciphertextBlob } = await abortable(signal, (caller) =>
    binding.rewrapDataKey(keyring, wrapped, stored, to, bound, caller),
  );
  const text = asciiJson({
    ...fields,
    [names.key]: ciphertextBlob.toString('base64'),
    [names.context]: asciiJson(fromFlat(bound)),
  });
  // It is to replace the only one there is.
  parseMetadata(metadata, text);
  return text;
}

/**
 * Returns under what a data key is to be wrapped, checked: what is missing stays as it is.
 *
 * @param {unknown} to a keyring
 * @param {unknown} newEncryptionContext
 */
function rewrapTarget(to, newEncryptionContext) {
  if (to === undefined && newEncryptionContext === undefined) {
    throw invalid('give to, another keyring, or newEncryptionContext, or both');
  }
  const context = args.flattenContext(newEncryptionContext, 'newEncryptionContext');
  const ofFormat = context.find((name, i) => i % 2 === 0 && FORMAT_PAIRS.includes(name));
  if (ofFormat !== undefined) {
    throw invalid(`newEncryptionContext must not have "${ofFormat}", which is the format’s`);
  }
  return {
    to: to === undefined ? undefined : nativeKeyring(to),
    newContext: newEncryptionContext === undefined ? undefined : context,
  };
}

/**
 * Returns the names of what changes in an instruction file.
 *
 * @param {Record<string, string>} fields
 * @param {import('../../binding').S3ObjectMetadata} parsed
 */
function namesIn(fields, { format, wrappingAlgorithm }) {
  if (wrappingAlgorithm !== 'kms+context') {
    throw unsupported(
      `the data key is wrapped by ${wrappingAlgorithm}; only a data key under KMS with an encryption ` +
        'context is wrapped again',
    );
  }
  const names = NAMES[format];
  if (names && names.key in fields && names.context in fields) return names;
  throw unsupported('the data key, or its encryption context, stands in the object’s own metadata');
}

/** @param {string} why */
function unsupported(why) {
  const message = `${why}; get the object, and put it anew`;
  return new EnvelopeError('ERR_ENVELOPE_UNSUPPORTED_MESSAGE', message);
}

/** @param {string[]} pair */
function isBinding([name]) {
  return name === BINDING_PAIR;
}

/**
 * Returns JSON in ASCII, as other clients do not agree on characters beyond.
 *
 * @param {Record<string, string>} fields
 */
function asciiJson(fields) {
  return JSON.stringify(fields).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

module.exports = { rewrapInstructions, rewrapTarget };
