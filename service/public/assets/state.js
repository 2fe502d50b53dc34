import { count, dayAndTime, plural, wait } from './format.js';

const MARKS = { good: 'OK', warn: 'Warning', bad: 'Problem', unknown: 'Not known' };

/** How each part that the service stands on does: `[how, in a word, more of it]`. */
const PARTS = {
  'key-service': ({ keyService }) => keyServiceState(keyService),
  database: ({ database, clock }) => databaseState(database, clock),
  'daily-task': ({ dailyTask }) => dailyTask && dailyTaskState(dailyTask),
  tampering: ({ tampering }) => tampering && tamperingState(tampering),
  'locked-secrets': ({ locks }) => locks && lockState(locks),
};

/** @param state undefined if the service did not tell */
export function showState(state) {
  for (const [name, partOf] of Object.entries(PARTS)) {
    const [how, word, note] = (state && partOf(state)) ?? ['unknown', 'Not known', NOT_TOLD];
    const part = document.getElementById(name);
    part.dataset.how = how;
    part.querySelector('.mark').textContent = MARKS[how];
    part.querySelector('.word').textContent = word;
    part.querySelector('small').textContent = note;
  }
}

const NOT_TOLD = 'no answer';

function keyServiceState({ state, local, calls, failures }) {
  if (state !== 'ok') return ['bad', 'Unavailable', 'calls are held back'];
  if (local) return ['good', 'Key file', 'for development'];
  const failed = failures > 0 ? `${count(failures)} failed` : 'none failed';
  return ['good', 'Answers', `${plural(calls, 'call')}, ${failed}`];
}

function databaseState({ state, kind, pools }, clock) {
  if (state !== 'ok') return ['bad', 'Unavailable', 'requests are refused'];
  if (clock.state !== 'ok') {
    const seconds = Math.abs(clock.differenceSeconds);
    return ['bad', 'Clock differs', `by ${wait(seconds)}: requests are refused`];
  }
  if (kind === 'pglite') return ['good', 'Answers', 'embedded, for development'];
  const sum = (field) => pools.reduce((total, pool) => total + pool[field], 0);
  const busy = `${count(sum('busy'))} of ${plural(sum('busy') + sum('idle'), 'connection')} busy`;
  const waiting = sum('waiting');
  if (waiting > 0) return ['warn', 'Busy', `${plural(waiting, 'request')} wait for a connection`];
  return ['good', 'Answers', busy];
}

function dailyTaskState({ state, startedAt, finishedAt, error, heldBack }) {
  const last = finishedAt ? `last done ${dayAndTime(finishedAt)}` : 'never done';
  switch (state) {
    case 'ok':
      return ['good', 'Done', dayAndTime(finishedAt)];
    case 'running':
      return ['good', 'Running', `since ${dayAndTime(startedAt)}`];
    case 'held-back':
      return ['warn', 'Held back', `${plural(heldBack, 'row')} too many to remove at once`];
    case 'failed':
      return ['bad', 'Failed', `${error}; ${last}`];
    case 'late':
      return ['bad', 'Late', last];
    default:
      return ['warn', 'Never run', 'it runs once a day'];
  }
}

function tamperingState({ state, checkedAt, checkedRows, tamperedRows }) {
  if (state === 'never') return ['unknown', 'Not checked', 'the daily task does it'];
  const when = `${plural(checkedRows, 'row')} checked ${dayAndTime(checkedAt)}`;
  if (state === 'ok') return ['good', 'None found', when];
  return ['bad', plural(tamperedRows, 'row'), `changed or missing; the log names them`];
}

function lockState({ count: locked, longest }) {
  if (locked === 0) return ['good', 'None', 'no passcode or PIN'];
  return [
    'warn',
    `${count(locked)} locked`,
    `the longest until ${dayAndTime(longest[0].lockedUntil)}`,
  ];
}
