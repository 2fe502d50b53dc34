import { count, dayAndTime, duration, percent, words } from './format.js';
import { inOrder } from './operations.js';

/** The numbers at the top of the page. */
export function showTiles({ totals, keys, devices }) {
  text('attempts', count(totals.attempts));
  text('attempts-note', `${count(totals.successes)} succeeded`);
  text('success-rate', percent(totals.availability));
  text(
    'success-rate-note',
    totals.failures === 0
      ? 'no failure'
      : `${count(totals.serviceFailures)} failed here, ${count(totals.callerFailures)} by callers`,
  );
  text('p95', duration(totals.durations?.p95Ms));
  text('p95-note', totals.durations ? `half within ${duration(totals.durations.p50Ms)}` : '');
  text('active-keys', count(keys.active));
  text('active-keys-note', `${count(keys.decryptOnly)} decrypt only`);
  text('devices', count(devices.seen));
  text('devices-note', `${count(devices.registered)} registered`);
}

export function showOperations({ byOperation }) {
  const rows = inOrder(byOperation).map((each) => [
    words(each.operation),
    number(count(each.attempts)),
    number(count(each.failures), each.failures > 0),
    number(percent(each.successRate)),
    number(duration(each.durations?.p50Ms)),
    number(duration(each.durations?.p95Ms)),
    number(duration(each.durations?.p99Ms)),
  ]);
  fill('by-operation', rows, 'No operation in this time');
}

export function showReasons({ byReason }) {
  const rows = byReason.map((each) => [
    words(each.reason),
    words(each.operation),
    number(count(each.failures)),
    number(percent(each.share)),
  ]);
  fill('by-reason', rows, 'No failure in this time');
}

export function showProblemKeys({ problemKeys, problemKeyRule }) {
  const { minimumAttempts, failureRate, windowHours } = problemKeyRule;
  text(
    'problem-note',
    `At least ${count(minimumAttempts)} attempts to decrypt in ${count(windowHours)} hours, ` +
      `of which ${percent(failureRate)} or more failed.`,
  );
  const rows = problemKeys.map((each) => [
    code(each.keyId),
    code(each.deviceId),
    number(count(each.attempts)),
    number(count(each.failures), true),
    number(percent(each.failureRate)),
    number(dayAndTime(each.lastFailureAt)),
  ]);
  fill('problem-keys', rows, 'No problem key');
}

const number = (content, bad = false) => ({ content, className: bad ? 'number bad' : 'number' });
const code = (content) => ({ content, tag: 'code' });

function fill(id, rows, empty) {
  const body = document.querySelector(`#${id} tbody`);
  const columns = document.querySelectorAll(`#${id} th`).length;
  body.replaceChildren(...(rows.length > 0 ? rows.map(row) : [emptyRow(empty, columns)]));
}

function row(cells) {
  const element = document.createElement('tr');
  element.append(...cells.map(cell));
  return element;
}

/** Text only, never markup: device ids are chosen by callers. */
function cell(value) {
  const element = document.createElement('td');
  const { content = value, className = '', tag } = value ?? {};
  element.className = className;
  if (!tag) element.textContent = content;
  else element.append(Object.assign(document.createElement(tag), { textContent: content }));
  return element;
}

function emptyRow(message, columns) {
  const element = document.createElement('tr');
  const only = Object.assign(document.createElement('td'), { className: 'none', colSpan: columns });
  only.textContent = message;
  element.append(only);
  return element;
}

function text(id, content) {
  document.getElementById(id).textContent = content;
}
