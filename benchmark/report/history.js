'use strict';

const { svgOf } = require('./chart');
const { digits, groupOf } = require('./figures');

/** What a release is compared by: ours, and what it is measured against in the same run. */
const RATIOS = [
  [
    'encrypt 1 KiB, client-node',
    'one-piece-1KiB',
    'encrypt, local key',
    'client-node, our suite, 64 KiB frames',
  ],
  ['encrypt 64 MiB, node:crypto', 'one-piece-64MiB', 'encrypt, local key', 'node:crypto, single'],
  ['encrypt a 1 GiB file, cp', 'files', 'encrypt, file', 'cp', 'kms-envelope, file'],
  ['encrypt a field, cloak', 'fields', 'encrypt a field', '@47ng/cloak', 'kms-envelope, Fields'],
  [
    'first KMS message, client-kms',
    'start-kms',
    'both',
    'client-kms and node:crypto',
    'kms-envelope, KMS',
  ],
  [
    'processor time of a KMS call, client-kms',
    'kms-cost',
    'processor time, 50 in flight',
    'client-kms and node:crypto',
  ],
];

/**
 * Returns the trend from release to release: how many times as fast as something else, which the same run
 * measured, so that releases of different machines can be compared.
 *
 * @param {import('../lib/history').Release[]} releases
 */
function historyPlot(releases) {
  const series = RATIOS.map(([name, caseName, group, theirs, ours = 'kms-envelope']) => ({
    name,
    type: 'line',
    symbolSize: 7,
    data: releases.map(({ cases }) => {
      const sides = groupOf(cases, caseName, group)?.sides;
      const ratio = sides?.[theirs] / sides?.[ours];
      return Number.isFinite(ratio) ? ratio : null;
    }),
  })).filter(({ data }) => data.some(Boolean));
  if (series.length === 0) return undefined;
  return svgOf({
    title: 'Times as fast as something else, by release (logarithmic)',
    height: 400,
    legend: true,
    xAxis: { type: 'category', data: releases.map(({ version }) => version) },
    yAxis: { type: 'log', axisLabel: { formatter: digits } },
    series,
  });
}

module.exports = { historyPlot };
