'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout } = require('node:timers/promises');

/** What this process has open of files whose name is gone. */
function openFiles() {
  const folder = '/proc/self/fd';
  return fs.readdirSync(folder).flatMap((descriptor) => {
    const file = path.join(folder, descriptor);
    try {
      const target = fs.readlinkSync(file);
      return target.startsWith(os.tmpdir()) && target.endsWith(' (deleted)') ? [file] : [];
    } catch {
      return [];
    }
  });
}

/** Resolves once such a file is closed, which takes a turn of the thread pool. */
async function noOpenFiles() {
  while (openFiles().length > 0) await setTimeout(5);
}

module.exports = { noOpenFiles, openFiles };
