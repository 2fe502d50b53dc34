import { clock, interval, span, words, zone } from './format.js';
import { inOrder } from './operations.js';
import { getJson, signOut } from './requests.js';
import { showState } from './state.js';
import { showLocks, showOperations, showProblemKeys, showReasons, showTiles } from './tables.js';
import { themeButton } from './theme.js';
import { onTimeframe, timeframe } from './timeframe.js';

const REFRESH_MS = 10_000;

const latencyOf = document.getElementById('latency-of');
const problem = document.getElementById('problem');
const updated = document.getElementById('updated');
let charts;
/** What is on the page: a summary, and what was asked for to get it. */
let shown;
let timer;
/** The requests whose answers count: that of a timeframe chosen before must not come after it. */
let asking = new AbortController();

document.body.classList.remove('unstarted');
document.getElementById('sign-out').addEventListener('click', signOut);
document.addEventListener('visibilitychange', refresh);
latencyOf.addEventListener('change', draw);
onTimeframe(
  () => refresh({ chosen: true }),
  () => shown?.summary,
);
themeButton(document.getElementById('theme'), draw);
// The numbers do not wait for the charts, and do without them.
import('./charts.js').then(({ Charts }) => {
  charts = new Charts();
  draw();
}, withoutCharts);
await refresh({ chosen: true });

/** Asks how the service does, and again after a while for as long as somebody may be looking. */
async function refresh({ chosen = false } = {}) {
  clearTimeout(timer);
  if (document.hidden) return;
  asking.abort();
  const { signal } = (asking = new AbortController());
  const asked = timeframe() ?? shown?.asked;
  if (chosen) startLoading(asked);
  await Promise.all([asked && refreshSummary(asked, signal), refreshState(signal)]);
  if (!signal.aborted) timer = setTimeout(refresh, REFRESH_MS);
}

async function refreshSummary(asked, signal) {
  try {
    const summary = await getJson(`summary?${asked.query}`, { signal });
    if (signal.aborted) return;
    shown = { summary, asked };
    problem.hidden = true;
    endLoading();
    show();
  } catch (error) {
    if (signal.aborted) return;
    endLoading();
    const still = shown
      ? `Still showing ${shown.asked.name}, as of ${clock(shown.summary.until)}.`
      : 'There is nothing to show yet.';
    tell(`Could not load ${asked.name}. ${still} ${error.message}`);
  }
}

/** Numbers of another timeframe are not shown under the name of this one. */
function startLoading({ name }) {
  document.body.classList.add('loading');
  document.querySelector('main').ariaBusy = 'true';
  updated.textContent = `Loading ${name}…`;
}

function endLoading() {
  document.body.classList.remove('loading');
  document.querySelector('main').ariaBusy = 'false';
  updated.textContent = shown ? `Updated ${clock(shown.summary.until)}` : '';
}

async function refreshState(signal) {
  const state = await getJson('state', { signal }).catch(() => undefined);
  if (signal.aborted) return;
  showState(state);
  showLocks(state?.locks);
}

/** Only if it says something new: what is told is read out. */
function tell(message) {
  if (problem.textContent !== message) problem.textContent = message;
  problem.hidden = false;
}

function show() {
  const { summary } = shown;
  document.getElementById('interval').textContent = describeInterval(summary);
  showTiles(summary);
  showOperations(summary);
  showReasons(summary);
  showProblemKeys(summary);
  offerOperations();
  draw();
}

function describeInterval({ from, until, stepSeconds }) {
  const cut = stepSeconds >= 86_400 ? ', cut at midnight UTC' : '';
  return (
    `${span(from, until)} (${zone()}). Each bar is ${interval(stepSeconds)}${cut}; ` +
    'hatched bars are not complete.'
  );
}

function draw() {
  if (!charts || !shown) return;
  try {
    charts.draw(shown.summary, latencyOf.value);
  } catch {
    withoutCharts();
  }
}

function withoutCharts() {
  charts = undefined;
  document.getElementById('charts').hidden = true;
  document.getElementById('no-charts').hidden = false;
}

/** What has been done in this time can be chosen; the choice stays while it is there. */
function offerOperations() {
  const names = ['', ...inOrder(shown.summary.byOperation).map(({ operation }) => operation)];
  const offered = [...latencyOf.options].map(({ value }) => value);
  if (names.join() === offered.join()) return;
  const chosen = latencyOf.value;
  const options = names.map(
    (name) => new Option(name ? words(name) : 'All operations', name, false, name === chosen),
  );
  latencyOf.replaceChildren(...options);
}
