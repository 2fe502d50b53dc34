'use strict';

const { AsyncResource } = require('node:async_hooks');
const { tracingChannel } = require('node:diagnostics_channel');

const binding = require('../native/load.js');
const { fromJson } = require('../errors.js');

/** The addon holds ids in 32 bits. */
const MAX_ID = 2 ** 32 - 1;

/** What happens to each call of a key service: see docs/production.md. */
const channels = tracingChannel('kms-envelope:key-service');

/**
 * In whose asynchronous context a call was made: functions of the caller's own run in it.
 *
 * @type {Map<number, AsyncResource>}
 */
const contexts = new Map();
let lastId = 0;
/** Whether there are functions of a caller's own, of a `CustomKeyring`. */
let hasFunctions = false;

/** Whether a call needs a `Caller`, though it has no signal. */
function callerNeeded() {
  return hasFunctions || watched();
}

/** From now on there are functions of a caller's own. */
function expectFunctions() {
  hasFunctions = true;
}

/** Whether anybody wants to be told of calls of key services. */
function watched() {
  const { start, end, asyncStart, asyncEnd, error } = channels;
  return [start, end, asyncStart, asyncEnd, error].some((channel) => channel.hasSubscribers);
}

/** Who asks, for the addon; `forget` it when it has the answer. */
function callerFor() {
  lastId = (lastId % MAX_ID) + 1;
  const caller = new binding.Caller(lastId);
  if (!callerNeeded()) return caller;
  const context = new AsyncResource('KMS_ENVELOPE');
  contexts.set(lastId, context);
  if (watched()) {
    const calls = new Map();
    caller.watch((event) => context.runInAsyncScope(tell, undefined, calls, event));
  }
  return caller;
}

/**
 * Nothing more is done on behalf of this caller.
 *
 * @param {import('../../binding').Caller} caller
 */
function forget(caller) {
  contexts.delete(caller.id);
}

/**
 * Calls a function as the caller would have; here, if the call has ended meanwhile.
 *
 * @template T
 * @param {number} id the caller's
 * @param {() => T} work
 * @returns {T}
 */
function asCaller(id, work) {
  const context = contexts.get(id);
  return context ? context.runInAsyncScope(work) : work();
}

/**
 * Publishes what `tracingChannel.tracePromise` would for a function that makes the call.
 *
 * @param {Map<number, object>} calls
 * @param {import('../../binding').NativeCallEvent} event
 */
function tell(calls, { id, operation, keyId, region, outcome }) {
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

module.exports = { asCaller, callerFor, callerNeeded, expectFunctions, forget };
