'use strict';

const fs = require('node:fs');
const path = require('node:path');

const FOLDER = path.join('benchmark', 'history');

/** @typedef {{ version: string, date: string, environment: object, cases: Record<string, any> }} Release */

/**
 * Returns the file that keeps what a release measured, and its text: the median of each side.
 *
 * @param {string} results the text of `results.json`
 * @param {string} version
 * @param {string} date such as `2026-12-31`
 * @returns {[file: string, text: string]}
 */
function releaseFile(results, version, date) {
  const { environment, cases } = JSON.parse(results);
  const medians = Object.entries(cases).map(([name, { node, groups }]) => [
    name,
    { node, groups: groups.filter(({ sides }) => sides).map(mediansOf) },
  ]);
  const release = { version, date, environment, cases: Object.fromEntries(medians) };
  return [path.join(FOLDER, `${version}.json`), `${JSON.stringify(release, null, 1)}\n`];
}

/** Returns all releases, in the order of their dates. */
function readHistory(root) {
  const folder = path.join(root, FOLDER);
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .map((name) => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')))
    .sort((a, b) => a.date.localeCompare(b.date) || a.version.localeCompare(b.version));
}

/** Returns a group whose sides are their medians, in nanoseconds. */
function mediansOf({ name, sides }) {
  const medians = Object.entries(sides).map(([side, { median }]) => [side, median]);
  return { name, sides: Object.fromEntries(medians) };
}

module.exports = { readHistory, releaseFile };
