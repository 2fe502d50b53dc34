'use strict';

const { duration, groupOf, megabytes, timeOf } = require('./figures');
const rows = require('./target-rows');
const { boundary, faster, flat, noLonger, onePieceMemory, rangeReads, rangeTime, records } = rows;
const { streamMemory, values, valuesBoundary, within } = rows;

const SYNC = 'kms-envelope, sync';
const ASYNC = 'kms-envelope';
const INTO = 'kms-envelope, sync, into a buffer';
const POOLED = 'kms-envelope, into a pooled output';
const CLIENT = 'client-node, our suite, 64 KiB frames';
const CLIENT_4K = 'client-node, our suite, 4 KiB frames';
const OURS_UNDER_KMS = 'kms-envelope, KMS';
const CLIENT_DEFAULTS = 'client-node, defaults';
const HAND = 'node:crypto, frames';
const SINGLE = 'node:crypto, single';
const FIELDS = 'kms-envelope, Fields';
const FIELD_BY_HAND = 'createCipheriv, the same associated data';
const S3 = 'kms-envelope, S3';
const S3_PYTHON = 'S3 Encryption Client for Python';
const BOTH = ['encrypt', 'decrypt'];
const KEYS = ['local key', 'warm cache'];

/**
 * Each target as a row: what is measured, against what, and what it must reach.
 *
 * @typedef {{ label: string, against: string, target: string, find(cases: Record<string, any>): Found | undefined }} Target
 * @typedef {{ measured: string, met?: boolean, label?: string, spread?: number, ours?: string, theirs?: string }} Found
 *   without `met` it is for information only; `label` names the size that was measured, if it is another
 *
 * @type {Target[]}
 */
const TARGETS = [
  ...both((op) => [
    faster(`32 bytes, \`${op}\` of a column`, 'fields', `${op} a field`, FIELDS, FIELD_BY_HAND, 4),
    faster(`32 bytes, \`${op}\` of a column`, 'fields', `${op} a field`, FIELDS, '@47ng/cloak', 10),
    faster(
      `32 bytes, \`${op}\` of a column`,
      'fields',
      `${op} a field`,
      FIELDS,
      'typeorm-encrypted',
      10,
    ),
    within(`32 bytes, \`${op}\` of a column`, 'at most 1.2 µs', 1200, duration, (cases) =>
      timeOf(cases, 'fields', `${op} a field`, FIELDS),
    ),
  ]),
  values(),
  valuesBoundary(),
  within('1 KiB, `encryptSync`, local key', 'at most 5 µs', 5000, duration, (cases) =>
    timeOf(cases, 'one-piece-1KiB', 'encrypt, local key', SYNC),
  ),
  ...['64B', '1KiB', '64KiB'].flatMap((length) => both((op) => [intoBuffer(length, op)])),
  ...both((op) =>
    KEYS.flatMap((key) => [
      faster(`1 KiB, \`${op}Sync\`, ${key}`, 'one-piece-1KiB', `${op}, ${key}`, SYNC, CLIENT, 40),
      faster(`1 KiB, \`${op}Sync\`, ${key}`, 'one-piece-1KiB', `${op}, ${key}`, SYNC, HAND, 3),
    ]),
  ),
  faster(
    '1 KiB, `await encrypt`, warm cache',
    'one-piece-1KiB',
    'encrypt, warm cache',
    ASYNC,
    SYNC,
    0.6,
  ),
  ...both((op) => [
    faster(
      `1 KiB, signed, \`${op}\``,
      'signed',
      `${op}, 1 KiB`,
      ASYNC,
      'client-node, signed, 64 KiB frames',
      6,
    ),
  ]),
  ...both((op) => [
    faster(`64 MiB, \`${op}\``, 'one-piece-64MiB', `${op}, local key`, ASYNC, SINGLE, 6),
    faster(
      `64 MiB, \`${op}\` into a pooled output`,
      'one-piece-64MiB',
      `${op}, local key`,
      POOLED,
      SINGLE,
      6,
    ),
    faster(`64 MiB, \`${op}Sync\``, 'one-piece-64MiB', `${op}, local key`, SYNC, SINGLE, 6),
    faster(`64 MiB, \`${op}\``, 'one-piece-64MiB', `${op}, local key`, ASYNC, CLIENT_DEFAULTS, 30),
    faster(`64 MiB, \`${op}\``, 'one-piece-64MiB', `${op}, local key`, ASYNC, CLIENT_4K, 30),
    faster(
      `64 MiB, \`${op}Sync\`, a new buffer`,
      'one-piece-64MiB',
      `${op}, local key`,
      SYNC,
      'aws-lc-rs, all cores, a new buffer',
      0.8,
    ),
    faster(
      `64 MiB, \`${op}Sync\`, \`into\` a used buffer`,
      'one-piece-64MiB',
      `${op}, local key`,
      INTO,
      'aws-lc-rs, all cores, a used buffer',
      0.8,
    ),
  ]),
  ...both((op) => [
    faster(`1 MiB, \`${op}\``, 'one-piece-1MiB', `${op}, local key`, ASYNC, SINGLE, 1.2),
    faster(`1 MiB, \`${op}\``, 'one-piece-1MiB', `${op}, local key`, ASYNC, CLIENT, 10),
  ]),
  ...both((op) => [
    faster(`1 GiB stream, \`${op}Stream\``, 'streams', `${op}, stream`, ASYNC, 'bare copy', 0.95),
    faster(
      `256 MiB stream, \`${op}Stream\``,
      'streams',
      `${op}, stream of 256 MiB`,
      ASYNC,
      'bare copy',
      0.95,
    ),
    faster(`1 GiB stream, \`${op}Stream\``, 'streams', `${op}, stream`, ASYNC, CLIENT, 8),
  ]),
  ...both((op) => [
    noLonger(`1 GiB, \`${op}File\``, 'files', `${op}, file`, 'kms-envelope, file', 'cp', 1.25),
  ]),
  smallFiles('by the command line', 'kms-envelope, one command'),
  smallFiles('the same with `--cache`', 'kms-envelope, one command, --cache'),
  ...['put', 'get'].flatMap((op) => [
    noLonger(`1 GiB, \`${op}\` of \`EncryptedS3\``, 's3', `${op}, S3`, S3, 'client-s3', 1.2),
    noLonger(`1 GiB, \`${op}\` of \`EncryptedS3\``, 's3', `${op}, S3`, S3, S3_PYTHON, 1),
  ]),
  noLonger('1 GiB, `getFile` of `EncryptedS3`', 's3', 'getFile, S3', S3, 'client-s3', 1.2),
  rangeTime(),
  rangeReads(),
  records('encrypt'),
  records('decrypt'),
  ...both((op) => [boundary(op)]),
  within('`require`, beyond bare Node.js', 'at most 4 ms', 4e6, duration, (cases) =>
    timeOf(cases, 'start', 'load', 'kms-envelope'),
  ),
  within('The first local `encryptSync` after it', 'at most 5 ms', 5e6, duration, (cases) =>
    timeOf(cases, 'start', 'call', 'kms-envelope'),
  ),
  ...[
    ['start-kms-at-once', ''],
    ['start-kms', ', with the answer of moto'],
  ].flatMap(([caseName, where]) => [
    within(
      `The first \`encrypt\` under KMS after it${where}`,
      'at most 10 ms',
      10e6,
      duration,
      (cases) => timeOf(cases, caseName, 'call', OURS_UNDER_KMS),
    ),
    faster(
      `\`require\` and the first \`encrypt\` under KMS${where}`,
      caseName,
      'both',
      OURS_UNDER_KMS,
      'client-kms and node:crypto',
      5,
    ),
  ]),
  faster(
    'A KMS data key and 256 bytes, 50 in flight: processor time',
    'kms-cost',
    'processor time, 50 in flight',
    'kms-envelope',
    'client-kms and node:crypto',
    5,
  ),
  noLonger(
    'The same, one after another: time',
    'kms-cost',
    'time, one after another',
    'kms-envelope',
    'hyper, a bare request',
    1.15,
  ),
  ...both((op) => [onePieceMemory(op)]),
  ...both((op) => [
    streamMemory(op),
    flat(`Memory, \`${op}Stream\``, ASYNC, op),
    flat(`Memory, \`${op}File\``, 'kms-envelope, file', op),
  ]),
  within(
    'The addon',
    'at most 13.5 MB',
    13.5e6,
    megabytes,
    (cases) => groupOf(cases, 'size', 'addon')?.figures['the addon'],
  ),
];

function smallFiles(how, side) {
  const [label, group] = [`Files of 4 KiB, ${how}`, '10,000 files of 4 KiB'];
  return faster(label, 'small-files', group, side, 'openssl enc, a loop of the shell', 5);
}

/** A buffer of the caller's must not cost more than a new one; 3 % are noise. */
function intoBuffer(length, op) {
  const label = `${length.replace(/\D/, ' $&')}, \`${op}Sync\`, \`into\` a buffer`;
  return noLonger(label, `one-piece-${length}`, `${op}, local key`, INTO, SYNC, 1.03);
}

function both(rowsOf) {
  return BOTH.flatMap(rowsOf);
}

module.exports = { TARGETS };
