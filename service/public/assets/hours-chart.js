import { Chart } from './chart-parts.js';
import { stackedBars } from './charts.js';
import { count } from './format.js';
import { color, font } from './theme.js';

const HOUR_MS = 3_600_000;
const DAYS = 7;

let drawn;

/** Bars for each hour of the last 7 days. @param hours those in which there was something */
export function drawHours(hours) {
  Object.assign(Chart.defaults, { color: color('muted'), borderColor: color('line') });
  Chart.defaults.font.family = font();
  const canvas = document.getElementById('hours-chart');
  drawn?.destroy();
  drawn = undefined;
  canvas.hidden = hours.length === 0;
  canvas.nextElementSibling.hidden = hours.length > 0;
  if (hours.length === 0) return;
  const [used, failed] = ['usageCount', 'failureCount'].map((field) =>
    hours.reduce((sum, hour) => sum + hour[field], 0),
  );
  canvas.setAttribute(
    'aria-label',
    `Use of its keys by hour: ${count(used)} decrypted, ${count(failed)} failed`,
  );
  drawn = new Chart(
    canvas,
    stackedBars(lastDays(hours), [
      { label: 'Decrypted', color: color('series-4'), at: ({ usageCount = 0 }) => usageCount },
      { label: 'Failed', color: color('series-7'), at: ({ failureCount = 0 }) => failureCount },
    ]),
  );
}

/** As a summary has its series: an hour without use is a piece, too. */
function lastDays(hours) {
  const now = Date.now();
  const first = Math.floor(now / HOUR_MS) * HOUR_MS - DAYS * 24 * HOUR_MS + HOUR_MS;
  const known = new Map(hours.map((hour) => [new Date(hour.from).getTime(), hour]));
  const series = [];
  for (let from = first; from <= now; from += HOUR_MS) series.push({ ...known.get(from), from });
  return { series, stepSeconds: 3600, timeframeHours: DAYS * 24, from: first, until: now };
}
