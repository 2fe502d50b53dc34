'use strict';

const { onePiece } = require('./one-piece');

/** The most telling lengths, in the version of Node.js that this is. */
async function versions() {
  const groups = [];
  for (const size of ['1 KiB', '1 MiB', '64 MiB']) {
    for (const group of await onePiece({ quick: true, size })) {
      groups.push({ ...group, name: `${size}, ${group.name}` });
    }
  }
  return groups;
}

module.exports = { versions };
