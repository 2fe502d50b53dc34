'use strict';

const fs = require('node:fs');

const { runJob } = require('../lib/child');
const { GIB, MIB } = require('../lib/keys');
const { inNewFolder, writeRandomFile } = require('../lib/places');

const ONE_PIECE = 256 * MIB;
/** How often a transfer is done. */
const PROCESSES = 5;
const CLIENT = 'client-node, our suite, 64 KiB frames';

/** The most memory that one large operation takes, in a process of its own. */
async function memory({ quick }) {
  const groups = [];
  for (const operation of ['encrypt', 'decrypt']) {
    const figures = {};
    for (const party of ['kms-envelope', CLIENT, 'node:crypto, frames']) {
      const { rise, output } = await runJob('memory.js', [party, operation, String(ONE_PIECE)]);
      figures[party] = rise;
      if (party === 'kms-envelope') figures['the output itself'] = output;
    }
    groups.push({ name: `${operation}, one piece`, bytes: ONE_PIECE, figures });
  }
  return [...groups, ...(await inNewFolder((place) => transfers(place, quick)))];
}

/** How much the peak rises over a short file and over a long one: the same, where it is flat. */
async function transfers(place, quick) {
  const groups = [];
  const lengths = { short: 64 * MIB, long: quick ? 256 * MIB : GIB };
  for (const party of ['kms-envelope', 'kms-envelope, file', 'bare copy', CLIENT]) {
    const figures = {};
    for (const [name, length] of Object.entries(lengths)) {
      const [plain, message, copy] = [place(`${name} plain`), place('message'), place('copy')];
      if (!fs.existsSync(plain)) writeRandomFile(plain, length);
      for (const [operation, source, target] of [
        ['encrypt', plain, message],
        ['decrypt', message, copy],
      ]) {
        figures[`${operation}, ${name}`] = await rise([party, operation, source, target]);
      }
      for (const file of [message, copy]) fs.rmSync(file);
    }
    groups.push({ name: `file to file, ${party}`, bytes: lengths.long, figures });
  }
  return groups;
}

/** The median of some processes: when garbage is collected differs from one to the next. */
async function rise(transfer) {
  const destination = transfer.at(-1);
  const rises = [];
  while (rises.length < PROCESSES) {
    fs.rmSync(destination, { force: true });
    const { before, after } = await runJob('transfer.js', transfer);
    rises.push(after - before);
  }
  return rises.sort((a, b) => a - b)[PROCESSES >> 1];
}

module.exports = { memory };
