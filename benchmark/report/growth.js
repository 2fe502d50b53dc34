'use strict';

const { svgOf } = require('./chart');
const { digits } = require('./figures');

/** Each curve: the name of its picture, of its groups, and what its axes say. */
const CURVES = {
  'growth-length': ['plaintext length', 'Time of a message by the bytes of its plaintext'],
  'growth-frames': ['frame length', 'Time of 1 MiB by the bytes of a frame'],
  'growth-data-keys': ['encrypted data keys', 'Time of 1 KiB by its encrypted data keys'],
  'growth-context': [
    'pairs of the context',
    'Time of 1 KiB by the pairs of its encryption context',
  ],
  'growth-calls': [
    'calls of KMS at once',
    'Time until all of so many calls of KMS at once have ended',
  ],
  'growth-tenants': [
    'tenants in the cache',
    'Time of 1 KiB by the tenants with a data key in the cache',
  ],
  'growth-processes': [
    'processes',
    'Time until each of so many processes has written 5,000 messages',
  ],
};

/**
 * Returns a picture for each thing that grows, by the name of its file: a straight line at 45 degrees is a
 * cost that grows as the work does, a level one a cost that does not grow.
 *
 * @param {Record<string, any>} cases
 * @returns {Record<string, string | undefined>}
 */
function growthPlots(cases) {
  const groups = cases.growth?.groups ?? [];
  return Object.fromEntries(
    Object.entries(CURVES).map(([file, [curve, title]]) => {
      const lines = groups.filter(({ name }) => name.split(': ')[0] === curve);
      return [
        file,
        lines.length > 0
          ? picture(`${title}, µs (both axes logarithmic)`, lines, curve)
          : undefined,
      ];
    }),
  );
}

function picture(title, lines, curve) {
  return svgOf({
    title,
    height: 340,
    legend: lines.length > 1,
    xAxis: { type: 'log', axisLabel: { formatter: digits } },
    yAxis: { type: 'log', axisLabel: { formatter: digits } },
    series: lines.map(({ name, sides }) => ({
      name: name.slice(curve.length + 2) || curve,
      type: 'line',
      symbolSize: 7,
      data: Object.entries(sides).map(([size, { median }]) => [Number(size), median / 1e3]),
    })),
  });
}

module.exports = { growthPlots };
