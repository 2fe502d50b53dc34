'use strict';

const args = require('../input/index.js');
const { abortable } = require('../calls/abort.js');
const { invalid } = require('../errors.js');
const { nativeKeyring } = require('../keyrings/index.js');
const { FORMAT_PAIRS, instructionText, parseMetadata } = require('./metadata.js');

/** @typedef {ReturnType<typeof import('./read.js').readSettings>} ReadSettings */

/** What an instruction file says of its wrapped data key. */
const OF_THE_KEY = /** @type {Record<string, string[]>} */ ({
  V2: ['x-amz-key-v2', 'x-amz-wrap-alg', 'x-amz-matdesc'],
  V3: ['x-amz-3', 'x-amz-w', 'x-amz-m', 'x-amz-t'],
});

/**
 * Returns the text of an instruction file whose data key is wrapped again: under another key, under another
 * encryption context, or both. The object must open under the settings, so that what could not be read before
 * is not written anew.
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
  const names = OF_THE_KEY[parsed.format] ?? [];
  const changed = await abortable(signal, (caller) =>
    parsed.rewrap(keyring, policy, context, to, newContext, caller),
  );
  const unchanged = Object.entries(fields).filter(([name]) => !names.includes(name));
  const text = asciiJson(Object.fromEntries([...unchanged, ...changed]));
  // It is to replace the only one there is; a part of it may stand in the object's own metadata.
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
