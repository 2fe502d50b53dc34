'use strict';

const fs = require('node:fs');

/** Whether a process has these bytes anywhere in its memory (Linux). */
function inMemory(pid, needle) {
  return mappings(pid).some((mapping) => holds(pid, mapping, needle));
}

/** The writable mappings of a process. */
function mappings(pid) {
  const lines = fs.readFileSync(`/proc/${pid}/maps`, 'utf8').trimEnd().split('\n');
  return lines.flatMap((line) => {
    const [name, access, , , , file] = line.split(/\s+/);
    const [from, to] = name.split('-').map((text) => BigInt(`0x${text}`));
    const readable = access.startsWith('rw') && file !== '[vvar]';
    return readable ? [{ name, from, to }] : [];
  });
}

/** Whether a mapping of a process holds these bytes. */
function holds(pid, { from, to }, needle) {
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r');
  try {
    const piece = Buffer.alloc(4 * 1024 * 1024);
    for (let at = from; at < to; at += BigInt(piece.length - needle.length)) {
      const length = Number(to - at < BigInt(piece.length) ? to - at : BigInt(piece.length));
      const read = readAt(memory, piece, length, at);
      if (piece.subarray(0, read).includes(needle)) return true;
    }
    return false;
  } finally {
    fs.closeSync(memory);
  }
}

/** Pages that were taken away meanwhile cannot be read. */
function readAt(memory, piece, length, at) {
  try {
    return fs.readSync(memory, piece, 0, length, at);
  } catch (error) {
    if (error.code === 'EIO') return 0;
    throw error;
  }
}

module.exports = { holds, inMemory, mappings };
