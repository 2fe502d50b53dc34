'use strict';

const { AsyncResource } = require('node:async_hooks');
const { tracingChannel } = require('node:diagnostics_channel');

const binding = require('../native/load.js');
const { fromJson } = require('../errors.js');

/** @typedef {import('../../binding').Caller | number} Caller */

/** The addon holds ids in 32 bits. */
const MAX_ID = 2 ** 32 - 1;

/** Tells subscribers of each call of a key service; docs/production.md describes the events. */
const channels = tracingChannel('kms-envelope:key-service');

/**
 * The asynchronous context of each call in flight, by the id of its `Caller`. The functions of a
 * `CustomKeyring` run in it, so that they see the caller's `AsyncLocalStorage`.
 *
 * @type {Map<number, AsyncResource>}
 */
const contexts = new Map();
let lastId = 0;
/** Whether a `CustomKeyring` was ever made, whose functions run in the context of a call. */
let hasCustomKeyrings = false;

/** Returns whether a call without a signal needs a `Caller`, too. */
function needsCaller() {
  return hasCustomKeyrings || hasSubscribers();
}

/** Remembers that there is a `CustomKeyring`. */
function noteCustomKeyring() {
  hasCustomKeyrings = true;
}

/** Returns whether anybody listens for calls of key services. */
function hasSubscribers() {
  const { start, end, asyncStart, asyncEnd, error } = channels;
  return [start, end, asyncStart, asyncEnd, error].some((channel) => channel.hasSubscribers);
}

/**
 * Returns what tells the addon who makes a call, `closeCaller` it when the call has ended: its id, or an object,
 * if the call is watched or may be cancelled.
 *
 * @param {boolean} mayCancel
 * @returns {Caller}
 */
function openCaller(mayCancel) {
  lastId = (lastId % MAX_ID) + 1;
  const id = lastId;
  const caller = mayCancel || hasSubscribers() ? new binding.Caller(id) : id;
  if (!needsCaller()) return caller;
  const context = new AsyncResource('KMS_ENVELOPE');
  contexts.set(id, context);
  if (typeof caller === 'object' && hasSubscribers()) {
    const calls = new Map();
    caller.watch((event) => context.runInAsyncScope(publish, undefined, calls, event));
  }
  return caller;
}

/**
 * Cancels a call that may be cancelled.
 *
 * @param {Caller} caller
 */
function cancelCall(caller) {
  if (typeof caller === 'object') caller.cancel();
}

/**
 * Forgets the context of a call that has ended.
 *
 * @param {Caller} caller
 */
function closeCaller(caller) {
  contexts.delete(typeof caller === 'number' ? caller : caller.id);
}

/**
 * Runs a function in the asynchronous context of a call; in the present one, if the call has ended.
 *
 * @template T
 * @param {number} id the caller's
 * @param {() => T} work
 * @returns {T}
 */
function runAsCaller(id, work) {
  const context = contexts.get(id);
  return context ? context.runInAsyncScope(work) : work();
}

/**
 * Publishes what `tracingChannel.tracePromise` would for a function that makes the call.
 *
 * @param {Map<number, object>} calls
 * @param {import('../../binding').NativeCallEvent} event
 */
function publish(calls, { id, operation, keyId, region, outcome }) {
  if (!outcome) {
    const call = { operation, keyId, region };
    calls.set(id, call);
    channels.start.runStores(call, () => undefined);
    channels.end.publish(call);
    return;
  }
  const { durationMs, attempts, requestId, error, aborted } = outcome;
  const call = Object.assign(calls.get(id) ?? {}, { durationMs, attempts, requestId, aborted });
  calls.delete(id);
  if (error) channels.error.publish(Object.assign(call, { error: fromJson(error) }));
  channels.asyncStart.publish(call);
  channels.asyncEnd.publish(call);
}

module.exports = {
  cancelCall,
  closeCaller,
  needsCaller,
  noteCustomKeyring,
  openCaller,
  runAsCaller,
};
