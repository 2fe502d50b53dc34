import { color } from './theme.js';

/** Chart.js, which the page loads as a classic script. */
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
    },
  };
}

/** Lines that only their dashes tell apart, for some, have them in the legend, too. */
export function lineLegend() {
  const { align, labels } = legend();
  const { generateLabels } = Chart.defaults.plugins.legend.labels;
  return {
    align,
    labels: {
      ...labels,
      pointStyle: 'line',
      pointStyleWidth: 24,
      generateLabels: (chart) =>
        generateLabels(chart).map((label) => ({
          ...label,
          lineDash: chart.data.datasets[label.datasetIndex].borderDash,
        })),
    },
  };
}

/** @param {(value: number) => string} format of the values */
export function tooltip(format, filter = () => true) {
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
    callbacks: { label: ({ dataset, raw }) => `${dataset.label}  ${format(raw)}` },
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
