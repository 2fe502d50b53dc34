'use strict';

const binding = require('../native/load.js');
const args = require('../input/index.js');
const { abortable, throwIfAborted } = require('../calls/abort.js');
const { fromJson, native } = require('../errors.js');
const { shareCores } = require('./parallel.js');
const pieces = require('./pieces.js');
const { nextTurn } = require('../calls/timers.js');

/** @typedef {InstanceType<typeof import('../native/client.js').Core>} Core */
/** @typedef {PromiseSettledResult<Buffer<ArrayBuffer>>} Settled */

/** What one call of the addon is given at most; then the event loop turns. */
const SLICE = 1024 * 1024;

/**
 * Encrypts each item under one data key.
 *
 * @param {Core} core
 * @param {unknown} items
 * @param {unknown} options
 * @returns {Promise<Settled[]>}
 */
async function encryptBatch(core, items, options) {
  const { encryptionContext, signal } = args.callOptions(options, args.CONTEXT_AND_SIGNAL);
  const { inputs, lengths, inOrder } = read(items);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (inputs.length === 0) return inOrder([]);
  const batch = await abortable(signal, (caller) =>
    binding.createBatchEncryptor(core.client, encryptionContext, inputs.length, total, caller),
  );
  core.renewIfAging(encryptionContext);
  try {
    const settled = await inSlices(inputs, lengths, signal, {
      room: (i) => native(() => batch.messageLength(lengths[i] ?? 0)),
      slice: (from, to, outputs) => native(() => batch.encrypt(inputs.slice(from, to), outputs)),
      one: async (_, input) => {
        const transform = native(() => batch.transform());
        return pieces.run(transform, input, input.length, undefined, signal);
      },
    });
    return inOrder(settled);
  } finally {
    batch.release();
  }
}

/**
 * Decrypts each message; those with one data key ask for it once.
 *
 * @param {Core} core
 * @param {unknown} messages
 * @param {unknown} options
 * @returns {Promise<Settled[]>}
 */
async function decryptBatch(core, messages, options) {
  const { encryptionContext, signal } = args.callOptions(options, args.CONTEXT_AND_SIGNAL);
  const { inputs, lengths, inOrder } = read(messages);
  throwIfAborted(signal);
  const headers = native(() => binding.BatchHeaders.create(core.client, encryptionContext));
  for (const [from, to] of slices(lengths)) {
    if (from > 0) await nextTurn();
    native(() => headers.push(inputs.slice(from, to)));
  }
  const batch = await abortable(signal, (caller) => headers.unwrap(caller));
  try {
    const settled = await inSlices(inputs, lengths, signal, {
      room: (i, input) => native(() => batch.plaintextLength(i, input)),
      slice: (from, to, outputs) =>
        native(() => batch.decrypt(from, inputs.slice(from, to), outputs)),
      one: async (i, input) => {
        const transform = native(() => batch.transform(i));
        return pieces.run(transform, input, input.length, undefined, signal);
      },
    });
    return inOrder(settled);
  } finally {
    batch.release();
  }
}

/**
 * Works on all items: short ones together, a long one alone, in slices of its own.
 *
 * @param {Uint8Array[]} inputs
 * @param {number[]} lengths what they had when they were given
 * @param {AbortSignal | undefined} signal
 * @param {{
 *   room(i: number, input: Uint8Array): number,
 *   slice(from: number, to: number, outputs: Buffer[]): import('../../binding').NativeSettled[],
 *   one(i: number, input: Uint8Array): Promise<Buffer<ArrayBuffer>>,
 * }} work
 */
async function inSlices(inputs, lengths, signal, { room, slice, one }) {
  shareCores();
  /** @type {Settled[]} */
  const results = [];
  for (const [from, to] of slices(lengths)) {
    if (from > 0) await nextTurn();
    throwIfAborted(signal);
    const some = inputs.slice(from, to);
    some.forEach((input, i) => args.checkUnchanged(input, lengths[from + i] ?? 0));
    const [first] = some;
    if (first && first.length > SLICE) {
      const [settled] = await Promise.allSettled([one(from, first)]);
      throwIfAborted(signal);
      results.push(settled);
    } else {
      const outputs = some.map((input, i) => Buffer.allocUnsafe(room(from + i, input)));
      const done = slice(from, to, outputs);
      outputs.forEach((output, i) => results.push(settle(output, done[i])));
    }
  }
  return results;
}

/**
 * Yields the ranges of items that are worked on together: as many as fit into `SLICE` bytes, at least one.
 *
 * @param {number[]} lengths
 * @returns {Generator<[from: number, to: number]>}
 */
function* slices(lengths) {
  for (let from = 0; from < lengths.length;) {
    let to = from;
    let sum = 0;
    do sum += lengths[to++] ?? 0;
    while (to < lengths.length && sum + (lengths[to] ?? 0) <= SLICE);
    yield [from, to];
    from = to;
  }
}

/**
 * @param {Buffer<ArrayBuffer>} output
 * @param {import('../../binding').NativeSettled | undefined} done
 * @returns {Settled}
 */
function settle(output, done) {
  if (done && done.error === undefined) {
    const value = done.length === output.length ? output : output.subarray(0, done.length);
    return { status: 'fulfilled', value };
  }
  return { status: 'rejected', reason: fromJson(done?.error ?? '') };
}

/**
 * Returns the items that hold bytes and their lengths; `inOrder` puts their results back among the errors of
 * the other items.
 *
 * @param {unknown} items
 */
function read(items) {
  const list = args.list(items, 'the items of a batch');
  /** @type {Settled[]} */
  const results = [];
  /** @type {Uint8Array[]} */
  const inputs = [];
  /** @type {number[]} */
  const places = [];
  for (let i = 0; i < list.length; i++) {
    try {
      inputs.push(args.bytes(list[i], `item ${i}`));
      places.push(i);
    } catch (reason) {
      results[i] = { status: 'rejected', reason };
    }
  }
  const inOrder = (/** @type {Settled[]} */ settled) => {
    settled.forEach((result, i) => (results[places[i] ?? 0] = result));
    return results;
  };
  return { inputs, lengths: inputs.map(({ length }) => length), inOrder };
}

module.exports = { decryptBatch, encryptBatch };
