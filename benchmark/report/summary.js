'use strict';

const { digits, duration, ratioOf, timeOf } = require('./figures');

const ASYNC = 'kms-envelope';
const SYNC = 'kms-envelope, sync';
const FILE = 'kms-envelope, file';
const CLIENT = 'client-node, our suite, 64 KiB frames';
const SIGNED_CLIENT = 'client-node, signed, 64 KiB frames';
const HAND = 'node:crypto, frames';

/** What the README shows: our side and theirs, with the same suite and frames, or the same work. */
const COMPARISONS = [
  {
    label: '1 KiB',
    name: 'one-piece-1KiB',
    group: 'local key',
    ours: SYNC,
    client: CLIENT,
    other: HAND,
  },
  { label: '1 KiB, signed', name: 'signed', group: '1 KiB', ours: ASYNC, client: SIGNED_CLIENT },
  {
    label: '64 KiB',
    name: 'one-piece-64KiB',
    group: 'local key',
    ours: ASYNC,
    client: CLIENT,
    other: HAND,
  },
  {
    label: '1 MiB',
    name: 'one-piece-1MiB',
    group: 'local key',
    ours: ASYNC,
    client: CLIENT,
    other: HAND,
  },
  {
    label: '64 MiB',
    name: 'one-piece-64MiB',
    group: 'local key',
    ours: ASYNC,
    client: CLIENT,
    other: HAND,
  },
  {
    label: '1 GiB stream',
    name: 'streams',
    group: 'stream',
    ours: ASYNC,
    client: CLIENT,
    other: 'bare copy',
  },
  { label: '1 GiB file', name: 'files', group: 'file', ours: FILE, client: CLIENT, other: 'cp' },
];

/** Returns the comparisons as the rows of a table: encryption, then decryption. */
function summaryRows(cases) {
  const head = ['', 'kms-envelope', '@aws-crypto/client-node', 'something else'];
  const rows = ['encrypt', 'decrypt'].flatMap((operation) =>
    COMPARISONS.map(({ label, name, group, ours, client, other }) => {
      const theirs = (side) => {
        const found = side && ratioOf(cases, name, `${operation}, ${group}`, side, ours);
        return found ? `${digits(found.ratio)} times as long` : '';
      };
      const time = timeOf(cases, name, `${operation}, ${group}`, ours);
      const beside = theirs(other) && `${other}: ${theirs(other)}`;
      return [`${operation} ${label}`, time ? duration(time) : '', theirs(client), beside];
    }),
  );
  return [head, ...rows.filter(([, time]) => time)];
}

module.exports = { COMPARISONS, summaryRows };
