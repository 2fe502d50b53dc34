'use strict';

const { svgOf } = require('./chart');
const { digits, groupOf, ratioOf, timeOf } = require('./figures');
const { growthPlots } = require('./growth');
const { historyPlot } = require('./history');
const { COMPARISONS } = require('./summary');

const OURS = 'kms-envelope';
const CLIENT = 'client-node, our suite, 64 KiB frames';
const SIZES = ['64B', '1KiB', '64KiB', '1MiB', '64MiB'];
const PARTIES = [
  OURS,
  'node:crypto, single',
  'node:crypto, frames',
  CLIENT,
  'client-node, defaults',
  'age',
];

/**
 * Returns all plots, by the name of their file.
 *
 * @param {Record<string, any>} cases
 * @param {import('../lib/history').Release[]} releases
 * @returns {Record<string, string>}
 */
function plots(cases, releases) {
  const drawn = {
    overview: overview(cases),
    sizes: bySize(cases),
    small: small(cases),
    files: files(cases),
    start: start(cases),
    versions: versions(cases),
    'field-bytes': fieldBytes(cases),
    ...growthPlots(cases),
    history: historyPlot(releases),
  };
  return Object.fromEntries(Object.entries(drawn).filter(([, svg]) => svg));
}

/**
 * Returns how many times as fast as the Encryption SDK for JavaScript: the picture of the README.
 */
function overview(cases) {
  const rows = COMPARISONS.map(({ label, name, group, ours, client }) => ({
    label,
    values: ['encrypt', 'decrypt'].map((operation) => {
      return ratioOf(cases, name, `${operation}, ${group}`, client, ours)?.ratio;
    }),
  }));
  return bars('Times as fast as @aws-crypto/client-node with the same suite and frames', {
    rows,
    series: ['encrypt', 'decrypt'],
    format: (value) => `${digits(value)}×`,
    log: true,
  });
}

function bySize(cases) {
  const lengths = SIZES.map((size) => [size, `one-piece-${size}`]);
  const series = PARTIES.map((party) => ({
    name: party,
    data: lengths.map(([, name]) => {
      const group = groupOf(cases, name, 'encrypt, local key');
      const time = group?.sides[party]?.median;
      return time ? group.bytes / time : null;
    }),
  })).filter(({ data }) => data.some(Boolean));
  if (series.length === 0) return undefined;
  return svgOf({
    title: 'Encryption in one piece with a local key, GB/s by length (logarithmic)',
    height: 460,
    legend: true,
    xAxis: { type: 'category', data: SIZES.map((size) => size.replace(/(?=[KMB])/, ' ')) },
    yAxis: { type: 'log', min: 0.00001, axisLabel: { formatter: digits } },
    series: series.map((each) => ({ ...each, type: 'line', symbolSize: 7 })),
  });
}

function small(cases) {
  const parties = ['kms-envelope, sync', ...PARTIES];
  const rows = parties.map((party) => ({
    label: party,
    values: ['encrypt', 'decrypt'].map((operation) => {
      return timeOf(cases, 'one-piece-1KiB', `${operation}, local key`, party) / 1e3;
    }),
  }));
  return bars('1 KiB with a local key, microseconds a message (logarithmic)', {
    rows,
    series: ['encrypt', 'decrypt'],
    format: digits,
    log: true,
  });
}

function files(cases) {
  const sources = [
    ['cp', 'files', 'file', 'cp'],
    ['encryptFile, decryptFile', 'files', 'file', 'kms-envelope, file'],
    ['stream: bare copy', 'streams', 'stream', 'bare copy'],
    ['stream: kms-envelope', 'streams', 'stream', OURS],
    ['stream: createCipheriv', 'streams', 'stream', 'node:crypto'],
    ['stream: client-node, 64 KiB frames', 'streams', 'stream', CLIENT],
    ['stream: client-node, defaults', 'streams', 'stream', 'client-node, defaults'],
  ];
  const rows = sources.map(([label, name, group, side]) => ({
    label,
    values: ['encrypt', 'decrypt'].map((operation) => {
      return 2 ** 30 / timeOf(cases, name, `${operation}, ${group}`, side);
    }),
  }));
  return bars('1 GiB from file to file in memory, GB/s', {
    rows,
    series: ['encrypt', 'decrypt'],
    format: digits,
  });
}

function start(cases) {
  const parties = [
    ['kms-envelope, local key', 'start', OURS],
    ['client-node, local key', 'start', 'client-node'],
    ['kms-envelope, KMS', 'start-kms', 'kms-envelope, KMS'],
    ['client-kms and node:crypto', 'start-kms', 'client-kms and node:crypto'],
    ['client-node, KMS', 'start-kms', 'client-node, KMS'],
  ];
  const rows = parties.map(([label, name, party]) => ({
    label,
    values: ['load', 'call'].map((phase) => timeOf(cases, name, phase, party) / 1e6),
  }));
  return bars('A fresh process: to load the package and to encrypt for the first time, ms', {
    rows,
    series: ['require', 'first encrypt'],
    format: digits,
    stack: 'both',
  });
}

function versions(cases) {
  const rows = [20, 22, 24, 26].map((major) => ({
    label: `Node.js ${major}`,
    values: [OURS, 'node:crypto, single', 'node:crypto, frames', CLIENT].map((party) => {
      return 2 ** 20 / timeOf(cases, `node-${major}`, '1 MiB, encrypt, local key', party);
    }),
  }));
  return bars('1 MiB, encryption with a local key, GB/s', {
    rows,
    series: [OURS, 'node:crypto, single', 'node:crypto, frames', CLIENT],
    format: digits,
  });
}

function fieldBytes(cases) {
  const groups = cases['field-bytes']?.groups ?? [];
  const parties = Object.keys(groups[0]?.figures ?? {});
  return bars('An encrypted value, in bytes, by the length of the text', {
    rows: parties.map((party) => ({
      label: party,
      values: groups.map(({ figures }) => figures[party]),
    })),
    series: groups.map(({ name }) => name),
    format: String,
  });
}

/** Rows of bars, of which those that were not measured are left out. */
function bars(title, { rows, series, format, log = false, stack }) {
  const known = rows.filter(({ values }) => values.some(Number.isFinite)).reverse();
  if (known.length === 0) return undefined;
  return svgOf({
    title,
    height: 108 + known.length * (stack ? 26 : 12 + 14 * series.length),
    legend: true,
    xAxis: { type: log ? 'log' : 'value' },
    yAxis: { type: 'category', data: known.map(({ label }) => label) },
    series: series.map((name, i) => ({
      name,
      type: 'bar',
      stack,
      barGap: 0,
      label: {
        show: true,
        position: stack ? 'inside' : 'right',
        formatter: ({ value }) => (Number.isFinite(value) ? format(value) : ''),
      },
      data: known.map(({ values }) => (Number.isFinite(values[i]) ? values[i] : null)),
    })),
  });
}

module.exports = { plots };
