'use strict';

const { AsyncResource } = require('node:async_hooks');
const { tracingChannel } = require('node:diagnostics_channel');

const binding = require('./native/load.js');
const { fromJson } = require('./errors.js');

/** What happens to each call of a key service: see docs/production.md. */
const channels = tracingChannel('kms-envelope:key-service');

/** Whether anybody wants to be told of calls of key services. */
function watched() {
  const { start, end, asyncStart, asyncEnd, error } = channels;
  return [start, end, asyncStart, asyncEnd, error].some((channel) => channel.hasSubscribers);
}

/** Who asks, for the addon: in whose asynchronous context the events are published. */
function callerFor() {
  const caller = new binding.Caller();
  if (watched()) {
    const context = new AsyncResource('KMS_ENVELOPE');
    const calls = new Map();
    caller.watch((event) => context.runInAsyncScope(tell, undefined, calls, event));
  }
  return caller;
}

/**
 * Publishes what `tracingChannel.tracePromise` would for a function that makes the call.
 *
 * @param {Map<number, object>} calls
 * @param {import('../binding').NativeCallEvent} event
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

module.exports = { callerFor, watched };
