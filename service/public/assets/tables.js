import { colored, fill, id, number } from './cells.js';
import { count, dayAndTime, duration, percent, words } from './format.js';
import { inOrder } from './operations.js';
import { colorOfReason } from './reasons.js';

/** The numbers at the top of the page. */
export function showTiles({ totals, keys, devices }) {
  text('attempts', count(totals.attempts));
  text('attempts-note', `${count(totals.successes)} succeeded`);
  text('success-rate', percent(totals.availability));
  text(
    'success-rate-note',
    totals.failures === 0
      ? 'no failure'
      : `${count(totals.serviceFailures)} service, ${count(totals.callerFailures)} caller failures`,
  );
  text('p95', duration(totals.durations?.p95Ms));
  text('p95-note', totals.durations ? `half within ${duration(totals.durations.p50Ms)}` : '–');
  text('active-keys', count(keys.active));
  text('active-keys-note', `${count(keys.decryptOnly)} decrypt only`);
  text('devices', count(devices.seen));
  text('devices-note', `${count(devices.registered)} registered`);
}

export function showOperations({ byOperation }) {
  const rows = inOrder(byOperation).map((each) => [
    words(each.operation),
    number(count(each.attempts)),
    number(count(each.callerFailures)),
    number(count(each.serviceFailures), each.serviceFailures > 0),
    number(percent(each.availability)),
    number(duration(each.durations?.p50Ms)),
    number(duration(each.durations?.p95Ms)),
    number(duration(each.durations?.p99Ms)),
  ]);
  fill(table('by-operation'), rows, 'No operation in this time');
}

export function showReasons({ byReason }) {
  const rows = byReason.map((each) => [
    colored(words(each.reason), colorOfReason(each.reason)),
    words(each.operation),
    each.ofService ? 'Service' : 'Caller',
    number(count(each.failures), each.ofService),
    number(percent(each.share)),
  ]);
  fill(table('by-reason'), rows, 'No failure in this time');
}

export function showProblemKeys({ problemKeys, problemKeyRule }) {
  const { minimumAttempts, failureRate, windowHours } = problemKeyRule;
  text(
    'problem-note',
    `At least ${count(minimumAttempts)} attempts to decrypt in the last ${count(windowHours)} hours, ` +
      `of which ${percent(failureRate)} or more failed.`,
  );
  const rows = problemKeys.map((each) => [
    id(each.keyId, 'key'),
    each.deviceId == null ? undefined : id(each.deviceId, 'device'),
    number(count(each.attempts)),
    number(count(each.failures), true),
    number(percent(each.failureRate)),
    number(dayAndTime(each.lastFailureAt)),
  ]);
  fill(table('problem-keys'), rows, 'No problem key');
}

/** @param locks null while it is not known */
export function showLocks(locks) {
  const rows = (locks?.longest ?? []).map((each) => [
    id(each.userId, 'user'),
    words(each.kind),
    number(count(each.failures)),
    number(dayAndTime(each.lockedUntil)),
  ]);
  const more = (locks?.count ?? 0) - rows.length;
  text('locks-note', more > 0 ? `These are locked for the longest; ${count(more)} more are.` : '');
  fill(table('locks'), rows, locks ? 'No passcode or PIN is locked' : 'Not known');
}

const table = (name) => document.getElementById(name);

function text(name, content) {
  const element = document.getElementById(name);
  if (element.textContent !== content) element.textContent = content;
}
