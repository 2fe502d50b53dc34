'use strict';

const WIDTH = 560;
const HEIGHT = 360;
const PLOT = { left: 70, top: 64, right: 540, bottom: 300 };
const CLASSES = { 'plain KMS': 'plain', cache: 'cache', 'branch keys': 'branch' };

const STYLE = `svg { font-family: system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; background: #ffffff }
.line { fill: none; stroke-width: 3; stroke-linejoin: round }
.grid { stroke: #d0d7de; stroke-width: 1 }
.plain { stroke: #9a6b0f }
.cache { stroke: #2b62ad }
.branch { stroke: #7446b8 }
.name { fill: #1f2328; font-size: 15px; font-weight: 600 }
.sub { fill: #4b535d; font-size: 13px }
.end { text-anchor: end }
.middle { text-anchor: middle }
@media (prefers-color-scheme: dark) {
svg { background: #1b1b1f }
.grid { stroke: #3d444d }
.plain { stroke: #e0b04c }
.cache { stroke: #6ea8fe }
.branch { stroke: #b794f4 }
.name { fill: #e6edf3 }
.sub { fill: #b1bac4 }
}`;

/** The calls of KMS in each minute, on a logarithmic axis, as SVG for light and dark pages. */
function pictureOf(results, { processes, tenants, minutes }) {
  const most = Math.max(...Object.values(results).flatMap((all) => all.map(({ kms }) => kms)));
  const decades = Math.ceil(Math.log10(most));
  const y = (calls) =>
    round(PLOT.bottom - (Math.log10(Math.max(calls, 1)) / decades) * (PLOT.bottom - PLOT.top));
  const x = (minute) => round(PLOT.left + (minute / minutes) * (PLOT.right - PLOT.left));
  const grid = Array.from({ length: decades + 1 }, (_, i) => {
    const label = i === 0 ? '0 or 1' : (10 ** i).toLocaleString('en');
    const at = y(10 ** i);
    return `<path class="grid" d="M${PLOT.left} ${at} H${PLOT.right}"/>
<text class="sub end" x="${PLOT.left - 8}" y="${at + 4}">${label}</text>`;
  });
  const ticks = Array.from({ length: minutes }, (_, i) => {
    return `<text class="sub middle" x="${x(i + 0.5)}" y="${PLOT.bottom + 20}">${i + 1}</text>`;
  });
  const lines = Object.entries(results).map(([system, perMinute]) => {
    const steps = perMinute.map(({ kms }, i) => `${i ? 'V' : `M${x(0)} `}${y(kms)} H${x(i + 1)}`);
    return `<path class="line ${CLASSES[system]}" d="${steps.join(' ')}"/>`;
  });
  const legend = Object.entries(CLASSES).map(([system, name], i) => {
    const left = PLOT.left + i * 150;
    return `<path class="line ${name}" d="M${left} 44 h24"/>
<text class="sub" x="${left + 32}" y="49">${system}</text>`;
  });
  const title = 'Calls of KMS a minute, in a fleet';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title text">
<title id="title">${title}</title>
<desc id="text">${described(results, { processes, tenants, minutes })}</desc>
<style>
${STYLE}
</style>
<text class="name" x="${PLOT.left}" y="24">${title} (logarithmic)</text>
${[...legend, ...grid, ...lines, ...ticks].join('\n')}
<text class="sub middle" x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 14}">minute</text>
</svg>
`;
}

function described(results, { processes, tenants, minutes }) {
  const sums = Object.entries(results).map(([system, perMinute]) => {
    const sum = perMinute.reduce((total, { kms }) => total + kms, 0);
    return `${system} ${sum.toLocaleString('en')}`;
  });
  return `${processes} processes and ${tenants} tenants, in ${minutes} minutes: ${sums.join(', ')} calls.`;
}

function round(value) {
  return Math.round(value * 10) / 10;
}

module.exports = { pictureOf };
