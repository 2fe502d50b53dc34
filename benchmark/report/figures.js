'use strict';

// What the report reads out of the results.
const { median, quantile } = require('simple-statistics');

/** The group of a case, if it has been measured. */
function groupOf(cases, caseName, groupName) {
  return cases[caseName]?.groups.find(({ name }) => name === groupName);
}

/** Returns what a side took, in nanoseconds. */
function timeOf(cases, caseName, groupName, side) {
  return groupOf(cases, caseName, groupName)?.sides?.[side]?.median;
}

/**
 * Returns how many times longer one side took than another: the median over the rounds, in each of which
 * both were measured, and how wide the middle half of them is.
 */
function ratioOf(cases, caseName, groupName, numerator, denominator) {
  const sides = groupOf(cases, caseName, groupName)?.sides;
  const [a, b] = [sides?.[numerator]?.values, sides?.[denominator]?.values];
  if (!a || !b) return undefined;
  const ratios = a.map((value, round) => value / b[round]);
  const ratio = median(ratios);
  return { ratio, spread: (quantile(ratios, 0.75) - quantile(ratios, 0.25)) / ratio };
}

/** Returns a time in the unit that it is best read in. */
function duration(nanoseconds) {
  if (nanoseconds < 1e3) return `${digits(nanoseconds)} ns`;
  if (nanoseconds < 1e6) return `${digits(nanoseconds / 1e3)} µs`;
  if (nanoseconds < 1e9) return `${digits(nanoseconds / 1e6)} ms`;
  return `${digits(nanoseconds / 1e9)} s`;
}

function throughput(bytes, nanoseconds) {
  const rate = bytes / nanoseconds;
  return rate < 1 ? `${digits(rate * 1000)} MB/s` : `${digits(rate)} GB/s`;
}

function megabytes(bytes) {
  return `${digits(bytes / 1e6)} MB`;
}

function mebibytes(bytes) {
  return `${digits(bytes / 2 ** 20)} MiB`;
}

/** Returns a size in the largest binary unit that it reaches. */
function binarySize(bytes) {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  const at = Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${digits(bytes / 1024 ** at)} ${units[at]}`;
}

/** Three digits that mean something, as far as there are so many. */
function digits(value) {
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) >= 1000 ? rounded.toLocaleString('en') : String(rounded);
}

module.exports = {
  binarySize,
  digits,
  duration,
  groupOf,
  mebibytes,
  megabytes,
  ratioOf,
  throughput,
  timeOf,
};
