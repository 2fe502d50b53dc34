'use strict';

const { types } = require('node:util');

const args = require('../input/index.js');
const codec = require('./codec.js');
const { invalid } = require('../errors.js');
const { begin } = require('../calls/start.js');
const { describe } = require('../header.js');
const { nodeStream, webStream } = require('./node.js');

const { DecryptCodec, EncryptCodec, unlessEnded, withExpectedLength, writeHead } = codec;

/** @typedef {InstanceType<typeof import('../native/client.js').Core>} Core */
/** @typedef {(piece: Buffer) => void} Push */
/** @typedef {(header: import('../../index').MessageHeader) => unknown} OnHeader */

const OPTIONS = /** @type {const} */ (['encryptionContext', 'signal', 'plaintextLength']);
const DECRYPT_OPTIONS = /** @type {const} */ ([...OPTIONS, 'signed']);
const WEB_DECRYPT_OPTIONS = /** @type {const} */ ([...DECRYPT_OPTIONS, 'onHeader']);
const RE_ENCRYPT_OPTIONS = /** @type {const} */ ([...DECRYPT_OPTIONS, 'newEncryptionContext']);

/**
 * @param {Core} core
 * @param {unknown} options
 */
function encryptStream(core, options) {
  const settings = streamOptions(options, OPTIONS);
  return nodeStream((stream) => encryptCodec(core, settings, pushTo(stream)), settings.signal);
}

/**
 * @param {Core} core
 * @param {unknown} options
 */
function decryptStream(core, options) {
  const settings = streamOptions(options, DECRYPT_OPTIONS);
  return nodeStream((stream) => {
    const onHeader = (/** @type {unknown} */ header) => stream.emit('header', header);
    return decryptCodec(core, settings, onHeader, pushTo(stream));
  }, settings.signal);
}

/**
 * @param {Core} core
 * @param {unknown} options
 */
function encryptWebStream(core, options) {
  const settings = streamOptions(options, OPTIONS);
  return webStream((push) => encryptCodec(core, settings, push), settings.signal);
}

/**
 * @param {Core} core
 * @param {unknown} options
 */
function decryptWebStream(core, options) {
  const settings = streamOptions(options, WEB_DECRYPT_OPTIONS);
  const { onHeader = () => {} } = settings.checkedOptions;
  if (typeof onHeader !== 'function') throw invalid('onHeader must be a function');
  const call = /** @type {OnHeader} */ (onHeader);
  return webStream((push) => decryptCodec(core, settings, call, push), settings.signal);
}

/**
 * @param {Core} from
 * @param {Core} to
 * @param {unknown} options
 */
function reEncryptStream(from, to, options) {
  const settings = streamOptions(options, RE_ENCRYPT_OPTIONS);
  if (settings.plaintextLength !== undefined) {
    throw invalid('plaintextLength cannot be checked here: the plaintext stays in Rust');
  }
  const newContext = args.newContext(settings.checkedOptions);
  return nodeStream((stream) => {
    const reader = from.headerReader(settings.encryptionContext, settings.acceptsSigned);
    return new DecryptCodec(reader, startReEncryption, pushTo(stream));
  }, settings.signal);

  /** @type {import('./codec.js').StartDecryption} */
  async function startReEncryption(reader, output, signal) {
    const transform = await begin(signal, () => reader.startReEncryption(to.client, newContext));
    writeHead(unlessEnded(transform, signal), output);
    return transform;
  }
}

/**
 * @param {Core} core
 * @param {StreamSettings} settings
 * @param {Push} push
 */
function encryptCodec(core, { encryptionContext, plaintextLength }, push) {
  const start = (/** @type {AbortSignal} */ signal) =>
    begin(signal, () => core.startEncryption(encryptionContext, plaintextLength));
  return new EncryptCodec(start, plaintextLength, push);
}

/**
 * @param {Core} core
 * @param {StreamSettings} settings
 * @param {OnHeader} onHeader
 * @param {Push} push
 */
function decryptCodec(core, settings, onHeader, push) {
  const { encryptionContext, plaintextLength, acceptsSigned } = settings;
  const reader = core.headerReader(encryptionContext, acceptsSigned);
  return new DecryptCodec(
    reader,
    async (header, _output, signal) => {
      const started = await begin(signal, () => header.startDecryption());
      const transform = unlessEnded(started, signal);
      try {
        const told = onHeader(describe(transform));
        if (types.isPromise(told)) await told;
      } catch (error) {
        transform.release();
        throw error;
      }
      return withExpectedLength(transform, plaintextLength);
    },
    push,
  );
}

/**
 * @param {import('node:stream').Transform} stream
 * @returns {Push}
 */
function pushTo(stream) {
  return (piece) => stream.push(piece);
}

/** @typedef {ReturnType<typeof streamOptions>} StreamSettings */

/**
 * @template {string} K
 * @param {unknown} options
 * @param {readonly K[]} known
 */
function streamOptions(options, known) {
  /** @type {Record<string, unknown>} */
  const checkedOptions = args.options(options, known);
  const { MAX_SAFE_INTEGER: max } = Number;
  return {
    encryptionContext: args.flattenContext(checkedOptions.encryptionContext),
    plaintextLength: args.optionalInteger(
      checkedOptions.plaintextLength,
      'plaintextLength',
      0,
      max,
    ),
    signal: args.abortSignal(checkedOptions.signal),
    acceptsSigned: acceptsSigned(checkedOptions.signed),
    checkedOptions,
  };
}

/** @param {unknown} signed what a stream does with a signed message, which it cannot verify first */
function acceptsSigned(signed = 'refuse') {
  if (signed === 'refuse') return false;
  if (signed === 'release-before-verified') return true;
  throw invalid('signed must be "refuse" or "release-before-verified"');
}

module.exports = {
  decryptStream,
  decryptWebStream,
  encryptStream,
  encryptWebStream,
  reEncryptStream,
};
