'use strict';

const fs = require('node:fs');
const path = require('node:path');

/**
 * How much a process has written so far to a file that is not finished: one without a name that it
 * has open (Linux), or the longest temporary one in the folder.
 *
 * @param {number} pid
 * @param {string} folder
 */
function bytesWritten(pid, folder) {
  const temporary = namesIn(folder).filter((name) => name.endsWith('.tmp'));
  const files = temporary.map((name) => path.join(folder, name));
  const descriptors = namesIn(`/proc/${pid}/fd`).map((name) => `/proc/${pid}/fd/${name}`);
  return Math.max(0, ...files.map(lengthOf), ...descriptors.filter(isUnnamed).map(lengthOf));

  function isUnnamed(descriptor) {
    const target = attempt(() => fs.readlinkSync(descriptor), '');
    const root = attempt(() => fs.realpathSync(folder), '-');
    return target.startsWith(root) && target.endsWith(' (deleted)');
  }
}

function namesIn(folder) {
  return attempt(() => fs.readdirSync(folder), []);
}

function lengthOf(file) {
  return attempt(() => fs.statSync(file).size, 0);
}

/** The process may end, and a file may get its name, at any time. */
function attempt(look, otherwise) {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

module.exports = { bytesWritten };
