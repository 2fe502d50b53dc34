'use strict';

const { once } = require('node:events');
const { Readable, pipeline: flow } = require('node:stream');
const { pipeline } = require('node:stream/promises');

const { EnvelopeError, native } = require('../../lib/errors.js');
const { openObject } = require('../../lib/s3-objects/read.js');
const { START_LENGTH } = require('./lost-answers.js');
const { encryptionOf } = require('./put.js');

/** @typedef {InstanceType<typeof import('./object-store.js').ObjectStore>} ObjectStore */
/** @typedef {{ context: any, signal: AbortSignal | undefined }} Call */
/** @typedef {{ take(chunk: Uint8Array): Promise<void>, end(): Promise<number>, stop(): void }} Check */

/**
 * Returns what encrypts a stream, as `uploadStream` takes it, and reads all that it made once more, with a
 * data key that was unwrapped anew: before the upload becomes visible, it is known to be readable.
 *
 * @param {ObjectStore} target
 * @param {Call} call
 */
function checkedEncryption(target, { context, signal }) {
  const { encrypt, describe } = encryptionOf(target, { encryptionContext: context, signal });
  let length = 0;
  const written = { start: Buffer.alloc(0), length: 0, isWhole: false };
  /** @param {AsyncIterable<Uint8Array>} source */
  async function* counted(source) {
    for await (const chunk of source) {
      length += chunk.length;
      yield chunk;
    }
  }
  /** @param {AsyncIterable<Uint8Array>} source */
  async function* encryptAndCheck(source) {
    const check =
      target.keyring === undefined
        ? messageCheck(target, { context, signal })
        : objectCheck(target, describe, { context, signal });
    try {
      for await (const chunk of through(encrypt, counted(source))) {
        await check.take(chunk);
        const missing = START_LENGTH - written.start.length;
        if (missing > 0) written.start = Buffer.concat([written.start, chunk.subarray(0, missing)]);
        written.length += chunk.length;
        yield chunk;
      }
      if ((await check.end()) !== length) throw unreadable();
      written.isWhole = true;
    } finally {
      check.stop();
    }
  }
  return { encrypt: encryptAndCheck, describe, length: () => length, written };
}

/**
 * @param {any} encrypt a function, or a stream
 * @param {AsyncIterable<Uint8Array>} source
 * @returns {AsyncIterable<Uint8Array>}
 */
function through(encrypt, source) {
  if (typeof encrypt === 'function') return encrypt(source);
  // Whoever reads it is told of an error.
  return flow(Readable.from(source), encrypt, () => {});
}

/**
 * @param {ObjectStore} target
 * @param {() => { metadata: Record<string, string> }} describe
 * @param {Call} call
 * @returns {Check}
 */
function objectCheck(target, describe, { context, signal }) {
  /** @type {import('../../binding').S3ObjectReader | undefined} */
  let reader;
  return {
    async take(chunk) {
      // There is nothing to describe before the first bytes have come.
      reader ??= await openObject(
        describe().metadata,
        undefined,
        target.readSettings(context, signal),
      );
      const opened = reader;
      native(() => opened.verify(chunk));
    },
    end: async () => native(() => reader?.verified() ?? -1),
    stop() {},
  };
}

/**
 * @param {ObjectStore} target
 * @param {Call} call
 * @returns {Check}
 */
function messageCheck(target, { context: encryptionContext, signal }) {
  const signed = 'release-before-verified';
  const decrypt = target.envelope.decryptStream({ encryptionContext, signal, signed });
  let length = 0;
  const done = pipeline(decrypt, async (/** @type {AsyncIterable<Uint8Array>} */ plaintext) => {
    for await (const chunk of plaintext) length += chunk.length;
  });
  // Whoever waits for it is told.
  done.catch(() => {});
  return {
    async take(chunk) {
      if (!decrypt.write(chunk)) await Promise.race([once(decrypt, 'drain'), done]);
    },
    async end() {
      decrypt.end();
      await done;
      return length;
    },
    stop: () => void decrypt.destroy(),
  };
}

function unreadable() {
  return new EnvelopeError(
    'ERR_ENVELOPE_INTERNAL',
    'the new object holds another length than the old one; nothing was replaced',
  );
}

module.exports = { checkedEncryption };
