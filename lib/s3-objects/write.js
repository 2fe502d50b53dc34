'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { abortable, throwIfAborted } = require('../calls/abort.js');
const { nextTurn } = require('../calls/timers.js');
const { invalid, native } = require('../errors.js');
const { kind } = require('../input/kind.js');
const { nativeKeyring } = require('../keyrings/index.js');

/** Longer contents are encrypted in slices of this length, in bytes. */
const SLICE = 1024 * 1024;
/** The length of the tag at the end of a body, in bytes. */
const TAG_LENGTH = 16;

const WRITE_OPTIONS = /** @type {const} */ ([
  'keyring',
  'encryptionContext',
  'commitmentPolicy',
  'format',
  'storage',
  'signal',
]);

/**
 * Returns a new object: its body, its metadata, and the text of its instruction file if it gets one.
 *
 * @param {unknown} data
 * @param {unknown} options
 */
async function encryptS3Object(data, options) {
  const input = args.bytes(data, 'data');
  const settings = writeSettings(options);
  const writer = await createObject(settings);
  const { length } = input;
  const body = Buffer.allocUnsafeSlow(length + TAG_LENGTH);
  for (let at = 0; at < length; at += SLICE) {
    if (at > 0) {
      await nextTurn();
      throwIfAborted(settings.signal);
      args.checkUnchanged(input, length);
    }
    const slice = input.subarray(at, at + SLICE);
    native(() => writer.update(slice, body.subarray(at, at + slice.length)));
  }
  body.set(
    native(() => writer.finish()),
    length,
  );
  return { body, ...describeObject(writer) };
}

/**
 * Returns what the options of a write say, checked.
 *
 * @param {unknown} options
 */
function writeSettings(options) {
  const checkedOptions = args.options(options, WRITE_OPTIONS);
  const commitmentPolicy = args.optionalString(checkedOptions.commitmentPolicy, 'commitmentPolicy');
  const byPolicy = commitmentPolicy === 'forbidEncryptAllowDecrypt' ? 'V2' : 'V3';
  return {
    keyring: nativeKeyring(checkedOptions.keyring),
    context: args.flattenContext(checkedOptions.encryptionContext),
    signal: args.abortSignal(checkedOptions.signal),
    commitmentPolicy,
    format: oneOf(checkedOptions.format, 'format', ['V2', 'V3']) ?? byPolicy,
    storage:
      oneOf(checkedOptions.storage, 'storage', ['metadata', 'instructionFile']) ?? 'metadata',
  };
}

/** @param {ReturnType<typeof writeSettings>} settings */
function createObject({ keyring, context, signal, commitmentPolicy, format, storage }) {
  return abortable(signal, (caller) =>
    binding.createS3ObjectWriter(
      keyring,
      format,
      storage === 'instructionFile',
      commitmentPolicy,
      context,
      caller,
    ),
  );
}

/** @param {InstanceType<typeof binding.S3ObjectWriter>} writer */
function describeObject(writer) {
  const instructionFile = writer.instructionFile ?? undefined;
  return { metadata: Object.fromEntries(writer.metadata), instructionFile };
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {string[]} allowed
 */
function oneOf(value, name, allowed) {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && allowed.includes(value)) return value;
  const names = allowed.map((text) => `"${text}"`).join(' or ');
  throw invalid(`${name} must be ${names}, not ${kind(value)}`);
}

module.exports = { createObject, describeObject, encryptS3Object, writeSettings };
