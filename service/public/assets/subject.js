import { fill, id, idElement, number } from './cells.js';
import { count, dayAndTime, duration, words, zone } from './format.js';
import { getJson, signOut } from './requests.js';
import { themeButton } from './theme.js';

/** How many entries of the audit log come at once. */
const ENTRIES = 50;

const asked = new URLSearchParams(location.search);
const kind = asked.get('kind') === 'user' ? 'user' : 'device';
const subjectId = asked.get('id') ?? '';
const problem = document.getElementById('problem');
const older = document.getElementById('older');
let hours;
let drawHours;
let entries = [];

document.body.classList.remove('unstarted');
document.getElementById('sign-out').addEventListener('click', signOut);
document.getElementById('kind').value = kind;
document.getElementById('id').value = subjectId;
document.title = `${words(kind)} ${subjectId} – Key service`;
themeButton(document.getElementById('theme'), draw);
for (const section of document.querySelectorAll('[data-for]')) {
  section.hidden = section.dataset.for !== kind;
}
older.addEventListener('click', showOlder);
// What is known does not wait for the chart, and does without it.
if (kind === 'device') {
  import('./hours-chart.js').then((module) => {
    drawHours = module.drawHours;
    draw();
  }, withoutChart);
}
await load();

async function load() {
  document
    .getElementById('title')
    .replaceChildren(`${words(kind)} `, idElement({ value: subjectId, kind: `${kind} id` }));
  try {
    const subject = await getJson(`${kind}?${new URLSearchParams({ id: subjectId })}`);
    if (kind === 'device') showDevice(subject);
    else showUser(subject);
    showKeys(subject.keys);
    showEntries(subject.entries);
  } catch (error) {
    problem.textContent = `Could not load this ${kind}. ${error.message}`;
    problem.hidden = false;
  }
  document.body.classList.remove('loading');
  document.querySelector('main').ariaBusy = 'false';
}

function showDevice({ device, usage }) {
  showFacts([
    ['Owner', device ? idElement({ value: device.userId, kind: 'user' }) : 'Nobody registered it'],
    ['State', device ? stateOf(device) : '–'],
    ['App version', device?.appVersion ?? '–'],
    ['Registered', device ? dayAndTime(device.createdAt) : '–'],
    ['Keys used', count(usage.keys)],
    ['Decrypted', `${count(usage.usageCount)}, and ${count(usage.failureCount)} failed`],
    ['Last used', usage.lastUsed ? dayAndTime(usage.lastUsed) : 'never'],
  ]);
  hours = usage.hours;
  draw();
}

function showUser({ devices, keys, credentials }) {
  showFacts([
    ['Devices', count(devices.length)],
    ['Keys', count(keys.length)],
  ]);
  fill(
    table('credentials'),
    credentials.map((each) => [
      words(each.kind),
      each.lockedUntil ? 'Locked' : each.set ? 'Set' : 'Not set, but guessed at',
      number(count(each.failures), each.failures > 0),
      number(each.lockedUntil ? dayAndTime(each.lockedUntil) : '–'),
    ]),
    'Neither is set',
  );
  fill(
    table('devices'),
    devices.map((device) => [
      id(device.deviceId, 'device'),
      stateOf(device),
      device.appVersion,
      number(dayAndTime(device.createdAt)),
    ]),
    'No device',
  );
}

function stateOf({ revokedAt, releasedAt }) {
  if (revokedAt) return `Revoked ${dayAndTime(revokedAt)}`;
  return releasedAt ? `Released ${dayAndTime(releasedAt)}` : 'In use';
}

function showKeys(keys) {
  const rows = keys.map((key) => [
    id(key.keyId, 'key'),
    id(key.deviceId, 'device'),
    words(key.state),
    number(dayAndTime(key.createdAt)),
    number(dayAndTime(key.expiresAt)),
    number(count(key.usageCount)),
    number(count(key.failureCount), key.failureCount > 0),
    number(key.lastUsed ? dayAndTime(key.lastUsed) : '–'),
  ]);
  fill(table('keys'), rows, 'No key');
}

async function showOlder() {
  older.disabled = true;
  try {
    const before = entries.at(-1).id;
    showEntries(await getJson(`entries?${new URLSearchParams({ [kind]: subjectId, before })}`));
    problem.hidden = true;
  } catch (error) {
    problem.textContent = `Could not load older entries. ${error.message}`;
    problem.hidden = false;
  }
  older.disabled = false;
}

function showEntries(more) {
  entries = [...entries, ...more];
  older.hidden = more.length < ENTRIES;
  document.getElementById('entries-note').textContent = `The latest first; times are of ${zone()}.`;
  const optional = (value, of) => (value == null ? undefined : id(value, of));
  const rows = entries.map((each) => [
    dayAndTime(each.recordedAt),
    words(each.operation),
    { content: each.code ? words(each.code) : 'Success', className: each.code ? 'bad' : '' },
    number(count(each.times)),
    number(duration(each.durationMs)),
    optional(each.userId, 'user'),
    optional(each.deviceId, 'device'),
    optional(each.keyId, 'key'),
    optional(each.requestId, 'request'),
  ]);
  fill(table('entries'), rows, 'Nothing was done');
}

function showFacts(facts) {
  const parts = facts.map(([term, fact]) => {
    const [dt, dd] = ['dt', 'dd'].map((tag) => document.createElement(tag));
    dt.append(term);
    dd.append(fact);
    const pair = document.createElement('div');
    pair.append(dt, dd);
    return pair;
  });
  document.getElementById('facts').replaceChildren(...parts);
}

function draw() {
  if (!hours || !drawHours) return;
  try {
    drawHours(hours);
  } catch {
    withoutChart();
  }
}

function withoutChart() {
  drawHours = undefined;
  document.getElementById('charts').hidden = true;
}

function table(name) {
  return document.getElementById(name);
}
