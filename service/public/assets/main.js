import { Charts } from './charts.js';
import { interval, words } from './format.js';
import { inOrder } from './operations.js';
import { showOperations, showProblemKeys, showReasons, showTiles } from './tables.js';
import { themeButton } from './theme.js';

const REFRESH_MS = 10_000;
const zone = new Intl.DateTimeFormat('en', { timeZoneName: 'short' })
  .formatToParts(new Date())
  .find(({ type }) => type === 'timeZoneName').value;

const charts = new Charts();
const latencyOf = document.getElementById('latency-of');
const problem = document.getElementById('problem');
const timeframe = document.getElementById('timeframe');
let summary;
let timer;
/** The request whose answer counts: that of a timeframe chosen before must not come after it. */
let asking = new AbortController();

timeframe.addEventListener('change', () => {
  document.body.classList.add('loading');
  refresh();
});
document.getElementById('sign-out').addEventListener('click', signOut);
document.addEventListener('visibilitychange', refresh);
latencyOf.addEventListener('change', draw);
themeButton(document.getElementById('theme'), draw);
await refresh();

/** Asks for the summary, and again after a while for as long as somebody may be looking. */
async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  asking.abort();
  const { signal } = (asking = new AbortController());
  const chosen = document.querySelector('input[name=hours]:checked');
  try {
    const response = await fetch(`summary?hours=${chosen.value}`, { signal });
    if (response.status === 401 || response.status === 403) return sessionEnded();
    if (!response.ok) throw new Error(`The service answered ${response.status}.`);
    const answer = await response.json();
    if (signal.aborted) return;
    summary = answer;
    problem.hidden = true;
    document.body.classList.remove('loading');
    show();
  } catch (error) {
    if (signal.aborted) return;
    // Old numbers stay readable: the message says of when they are.
    document.body.classList.remove('loading');
    const range = chosen.nextElementSibling.textContent;
    const shown = summary ? `What is shown is of ${clock(summary.until)}.` : 'Nothing is shown.';
    tell(`The numbers of the last ${range} could not be had. ${shown} ${error.message}`);
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, REFRESH_MS);
}

/** Only if it says something new: what is told is read out. */
function tell(message) {
  if (problem.textContent !== message) problem.textContent = message;
  problem.hidden = false;
}

function sessionEnded() {
  sessionStorage.setItem('session-ended', 'yes');
  location.reload();
}

function clock(time) {
  return new Date(time).toLocaleTimeString('en', { hourCycle: 'h23' });
}

function show() {
  const { until, stepSeconds } = summary;
  document.getElementById('updated').textContent = `Updated ${clock(until)}`;
  document.getElementById('interval').textContent =
    `Each bar is ${interval(stepSeconds)}; the last one goes on. Times are ${zone}.`;
  showTiles(summary);
  showOperations(summary);
  showReasons(summary);
  showProblemKeys(summary);
  offerOperations();
  draw();
}

function draw() {
  if (summary) charts.draw(summary, latencyOf.value);
}

/** What has been done in this time can be chosen; the choice stays while it is there. */
function offerOperations() {
  const chosen = latencyOf.value;
  const names = inOrder(summary.byOperation).map(({ operation }) => operation);
  const options = names.map((name) => new Option(words(name), name, false, name === chosen));
  latencyOf.replaceChildren(new Option('All operations', ''), ...options);
}

async function signOut() {
  await fetch('session', { method: 'DELETE' });
  location.reload();
}
