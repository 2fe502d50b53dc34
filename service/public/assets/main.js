import { Charts } from './charts.js';
import { words } from './format.js';
import { inOrder } from './operations.js';
import { showOperations, showProblemKeys, showReasons, showTiles } from './tables.js';
import { themeButton } from './theme.js';

const REFRESH_MS = 10_000;

const charts = new Charts();
const latencyOf = document.getElementById('latency-of');
const problem = document.getElementById('problem');
let summary;
let timer;

document.getElementById('timeframe').addEventListener('change', refresh);
document.getElementById('sign-out').addEventListener('click', signOut);
document.addEventListener('visibilitychange', refresh);
latencyOf.addEventListener('change', draw);
themeButton(document.getElementById('theme'), draw);
await refresh();

/** Asks for the summary, and again after a while for as long as somebody may be looking. */
async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  const { value: hours } = document.querySelector('input[name=hours]:checked');
  try {
    const response = await fetch(`summary?hours=${hours}`);
    if (response.status === 401 || response.status === 403) return location.reload();
    if (!response.ok) throw new Error(`The service answered ${response.status}.`);
    summary = await response.json();
    problem.hidden = true;
    show();
  } catch (error) {
    problem.textContent = `These numbers are not current. ${error.message}`;
    problem.hidden = false;
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, REFRESH_MS);
}

function show() {
  const { until } = summary;
  document.getElementById('updated').textContent =
    `Updated ${new Date(until).toLocaleTimeString(undefined, { hourCycle: 'h23' })}`;
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
