import {
  Chart,
  hatched,
  legend,
  lineLegend,
  pieces,
  timeAxis,
  tooltip,
  valueAxis,
} from './chart-parts.js';
import { count, duration, shortCount, shortDuration, words } from './format.js';
import { colorOf, inOrder } from './operations.js';
import { colorOfReason } from './reasons.js';
import { color, font } from './theme.js';

const MOST_REASONS = 6;
const STATES = [
  ['active', 'Active', 'series-2'],
  ['decryptOnly', 'Decrypt only', 'series-3'],
  ['destroyed', 'Destroyed', 'series-6'],
];
const PERCENTILES = [
  ['p50Ms', 'p50', 'series-2', []],
  ['p95Ms', 'p95', 'series-1', [6, 3]],
  ['p99Ms', 'p99', 'series-4', [2, 3]],
];

/** The four charts of the page; `draw` may be called again and again on the same canvases. */
export class Charts {
  #drawn = {};

  /** @param {string} operation whose durations are shown; empty for all */
  draw(summary, operation) {
    Object.assign(Chart.defaults, { color: color('muted'), borderColor: color('line') });
    Chart.defaults.font.family = font();
    const { totals, keys } = summary;
    this.#show('operations', operationsChart(summary), totals.attempts === 0);
    this.#show('failures', failuresChart(summary), totals.failures === 0);
    const points = durations(summary, operation);
    this.#show(
      'latency',
      latencyChart(summary, points),
      points.every((point) => !point),
    );
    this.#show('keys', keysChart(keys), keys.active + keys.decryptOnly + keys.destroyed === 0);
  }

  #show(name, { description, ...config }, empty) {
    const canvas = document.getElementById(`${name}-chart`);
    this.#drawn[name]?.destroy();
    canvas.hidden = empty;
    canvas.nextElementSibling.hidden = !empty;
    canvas.setAttribute('aria-label', description);
    this.#drawn[name] = empty ? undefined : new Chart(canvas, config);
  }
}

function operationsChart(summary) {
  const operations = inOrder(summary.byOperation);
  const attempts = operations.map((each) => `${words(each.operation)} ${count(each.attempts)}`);
  return {
    description: `Operations over time: ${attempts.join(', ') || 'none'}`,
    ...stackedBars(
      summary,
      operations.map(({ operation }) => ({
        label: words(operation),
        color: color(colorOf(operation)),
        at: ({ byOperation }) =>
          byOperation.find((each) => each.operation === operation)?.attempts ?? 0,
      })),
    ),
  };
}

function failuresChart(summary) {
  const counts = new Map();
  for (const { reason, failures } of summary.byReason) {
    counts.set(reason, (counts.get(reason) ?? 0) + failures);
  }
  const reasons = [...counts].sort(([, a], [, b]) => b - a);
  const shown = reasons.slice(0, MOST_REASONS).map(([reason]) => reason);
  const sum = (point, wanted) =>
    point.byReason.filter(wanted).reduce((total, { failures }) => total + failures, 0);
  const datasets = shown.map((reason) => ({
    label: words(reason),
    color: color(colorOfReason(reason)),
    at: (point) => sum(point, (each) => each.reason === reason),
  }));
  if (reasons.length > shown.length) {
    const at = (point) => sum(point, (each) => !shown.includes(each.reason));
    datasets.push({ label: 'Other', color: color('series-6'), at });
  }
  const described = reasons.map(([reason, failures]) => `${words(reason)} ${count(failures)}`);
  return {
    description: `Failures over time: ${described.join(', ') || 'none'}`,
    ...stackedBars(summary, datasets),
  };
}

export function stackedBars(summary, datasets) {
  const { labels, titles, whole } = pieces(summary);
  return {
    type: 'bar',
    data: {
      labels,
      datasets: datasets.map(({ label, color: fill, at }) => ({
        label,
        backgroundColor: whole.map((is) => (is ? fill : hatched(fill))),
        // The legend has the plain colour, and forced colours need an edge.
        fill,
        borderColor: color('card'),
        borderWidth: { top: 1 },
        data: summary.series.map(at),
        categoryPercentage: 0.96,
        barPercentage: 1,
      })),
    },
    options: {
      interaction: { mode: 'index', intersect: false },
      plugins: {
        legend: legend(),
        tooltip: tooltip(count, { titles, filter: ({ raw }) => raw > 0 }),
      },
      scales: {
        x: timeAxis({ stacked: true }),
        y: valueAxis(shortCount, { stacked: true, suggestedMax: 4 }),
      },
    },
  };
}

/** One entry for each point of time, undefined where nothing was done. */
function durations({ series }, operation) {
  return series.map((point) => {
    const entry = operation
      ? point.byOperation.find((each) => each.operation === operation)
      : point;
    return entry?.durations ?? undefined;
  });
}

function latencyChart(summary, points) {
  const { labels, titles } = pieces(summary);
  const last = points.findLast((point) => point);
  // A line needs two points: a single one is shown as a dot.
  const pointRadius = points.filter((point) => point).length === 1 ? 3 : 0;
  return {
    description: `Duration over time; the latest p95 is ${duration(last?.p95Ms)}`,
    type: 'line',
    data: {
      labels,
      datasets: PERCENTILES.map(([field, label, name, borderDash]) => ({
        label,
        data: points.map((point) => point?.[field] ?? null),
        borderColor: color(name),
        backgroundColor: color(name),
        borderWidth: 2,
        borderDash,
        pointRadius,
        pointHoverRadius: 4,
        spanGaps: true,
      })),
    },
    options: {
      interaction: { mode: 'index', intersect: false },
      plugins: { legend: lineLegend(), tooltip: tooltip(duration, { titles }) },
      scales: { x: timeAxis(), y: valueAxis(shortDuration) },
    },
  };
}

function keysChart(keys) {
  const states = STATES.map(([field, label, name]) => ({
    label: `${label} ${count(keys[field])}`,
    value: keys[field],
    fill: color(name),
  }));
  return {
    description: `Keys by state: ${states.map(({ label }) => label).join(', ')}`,
    type: 'doughnut',
    data: {
      labels: states.map(({ label }) => label),
      datasets: [
        {
          data: states.map(({ value }) => value),
          backgroundColor: states.map(({ fill }) => fill),
          borderColor: color('card'),
          borderWidth: 2,
        },
      ],
    },
    options: {
      cutout: '70%',
      plugins: {
        legend: keysLegend(),
        tooltip: { ...tooltip(count), callbacks: { title: () => '', label: ({ label }) => label } },
      },
    },
  };
}

function keysLegend() {
  const { labels, ...rest } = legend();
  const { generateLabels: _bars, ...plain } = labels;
  return { ...rest, labels: plain, position: 'bottom', align: 'center' };
}
