'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs/promises');
const path = require('node:path');

const { Failure } = require('./errors.js');

/** So that the temporary name is not too long for a file system. */
const MAX_NAME_LENGTH = 40;

/**
 * Returns a name in the folder of the destination, that a file has only until it is complete.
 *
 * @param {string} destination
 */
function temporaryBeside(destination) {
  const name = path.basename(destination).slice(0, MAX_NAME_LENGTH);
  const random = crypto.randomBytes(3).toString('hex');
  return path.join(path.dirname(destination), `.${name}.${random}.tmp`);
}

/**
 * Refuses a destination that a symbolic link in the tree that is written takes out of it.
 *
 * @param {import('./plan.js').Job} job
 */
async function refuseOutside({ destination, within }) {
  if (within === undefined) return;
  let place = within;
  for (const name of path.relative(within, path.dirname(destination)).split(path.sep)) {
    place = path.join(place, name);
    const stat = await fs.lstat(place).catch(() => undefined);
    if (stat?.isSymbolicLink() && !(await isInside(place, within))) {
      const problem = `leads out of '${within}', by the symbolic link '${place}'`;
      throw new Failure('FILE', `'${destination}' ${problem}; remove the link`);
    }
  }
}

/**
 * Returns whether a link that is there leads into the folder.
 *
 * @param {string} link
 * @param {string} folder
 */
async function isInside(link, folder) {
  const target = await fs.realpath(link).catch(() => undefined);
  if (target === undefined) return false;
  const [first] = path.relative(await fs.realpath(folder), target).split(path.sep);
  return first !== '..' && !path.isAbsolute(first ?? '');
}

/** @param {string} destination */
function notAFile(destination) {
  return new Failure(
    'FILE',
    `'${destination}' is not a regular file; choose another --output (- for standard output)`,
  );
}

module.exports = { notAFile, refuseOutside, temporaryBeside };
