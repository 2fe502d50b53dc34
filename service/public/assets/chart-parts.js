import { moment, span } from './format.js';
import { color } from './theme.js';

/** Chart.js, which the page loads as a classic script; without it, this module fails to load. */
export const { Chart } = globalThis;

Chart.defaults.animation = false;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.font.size = 12;

export function legend() {
  return {
    align: 'start',
    labels: {
      usePointStyle: true,
      pointStyle: 'rectRounded',
      pointStyleWidth: 10,
      boxHeight: 8,
      padding: 12,
      color: color('muted'),
      generateLabels: plainLabels,
    },
  };
}

/** Lines that only their dashes tell apart, for some, have them in the legend, too. */
export function lineLegend() {
  const { align, labels } = legend();
  return {
    align,
    labels: {
      ...labels,
      pointStyle: 'line',
      pointStyleWidth: 24,
      generateLabels: (chart) =>
        plainLabels(chart).map((label) => ({
          ...label,
          lineDash: chart.data.datasets[label.datasetIndex].borderDash,
        })),
    },
  };
}

/** Where some bars are hatched, the legend has their colour. */
function plainLabels(chart) {
  const labels = Chart.defaults.plugins.legend.labels.generateLabels(chart);
  return labels.map((label) => {
    const { fill } = chart.data.datasets[label.datasetIndex];
    return fill ? { ...label, fillStyle: fill, lineWidth: 0 } : label;
  });
}

/** What the pieces of a series are called, and whether all of each lies in the timeframe. */
export function pieces({ series, stepSeconds, timeframeHours, from, until }) {
  const [begin, end] = [from, until].map((time) => new Date(time).getTime());
  const spans = series.map((piece) => {
    const start = new Date(piece.from).getTime();
    return [start, start + stepSeconds * 1000];
  });
  const whole = spans.map(([start, stop]) => start >= begin && stop <= end);
  return {
    whole,
    labels: spans.map(([start]) => moment(start, timeframeHours)),
    titles: spans.map(([start, stop], n) => span(start, stop) + (whole[n] ? '' : ', not complete')),
  };
}

/** Stripes of a colour, for what is not complete. */
export function hatched(fill) {
  const tile = document.createElement('canvas');
  tile.width = tile.height = 8;
  const drawing = tile.getContext('2d');
  drawing.globalAlpha = 0.3;
  drawing.fillStyle = fill;
  drawing.fillRect(0, 0, 8, 8);
  drawing.globalAlpha = 1;
  drawing.strokeStyle = fill;
  drawing.lineWidth = 2;
  for (const x of [-8, 0, 8]) {
    drawing.moveTo(x, 8);
    drawing.lineTo(x + 8, 0);
  }
  drawing.stroke();
  return drawing.createPattern(tile, 'repeat');
}

/**
 * @param {(value: number) => string} format of the values
 * @param titles of the pieces of time, if it is about some
 */
export function tooltip(format, { titles, filter = () => true } = {}) {
  return {
    filter,
    backgroundColor: color('card'),
    borderColor: color('line'),
    borderWidth: 1,
    titleColor: color('text'),
    bodyColor: color('text'),
    padding: 10,
    boxPadding: 6,
    boxWidth: 8,
    boxHeight: 8,
    usePointStyle: true,
    callbacks: {
      ...(titles && { title: ([{ dataIndex } = {}]) => titles[dataIndex] ?? '' }),
      label: ({ dataset, raw }) => `${dataset.label}  ${format(raw)}`,
      labelColor: ({ dataset }) => {
        const shade = dataset.fill || dataset.borderColor;
        return { backgroundColor: shade, borderColor: shade };
      },
    },
  };
}

export function timeAxis(options = {}) {
  return {
    ...options,
    grid: { display: false },
    border: { color: color('line') },
    ticks: { maxRotation: 0, autoSkipPadding: 28 },
  };
}

export function valueAxis(format, options = {}) {
  return {
    ...options,
    beginAtZero: true,
    border: { display: false },
    grid: { color: color('line') },
    ticks: { maxTicksLimit: 6, padding: 8, callback: format },
  };
}
