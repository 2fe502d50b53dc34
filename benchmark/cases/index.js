'use strict';

const { SIZES } = require('../lib/keys');

/**
 * All cases, in the order in which they run: what each measures, with which Node.js, and whether the
 * quick run has it, too. They are loaded where they run.
 *
 * @type {Record<string, { title: string, run: (options: { quick: boolean }) => Promise<Group[]>, major: number, quick: boolean }>}
 *
 * @typedef {{ name: string, bytes?: number, total?: number, records?: number, sides?: Record<string, import('../lib/rounds').Measured>, figures?: Record<string, number> }} Group
 *   sides that were measured together, and figures that need no comparison; total: the length of what `bytes`
 *   were taken out of
 */
const CASES = {
  ...Object.fromEntries(
    Object.keys(SIZES).map((size) => [
      `one-piece-${size.replace(' ', '')}`,
      {
        title: `${size} in one piece`,
        run: (options) => require('./one-piece').onePiece({ ...options, size }),
        quick: size !== '64 B' && size !== '64 KiB',
      },
    ]),
  ),
  signed: { title: 'Signed messages', run: (options) => require('./signed').signed(options) },
  streams: {
    title: '1 GiB through streams',
    run: (options) => require('./files').streams(options),
  },
  files: { title: '1 GiB from file to file', run: (options) => require('./files').files(options) },
  'small-files': {
    title: 'Many small files',
    run: () => require('./small-files').smallFiles(),
    quick: false,
  },
  ranges: { title: '64 KiB out of 1 GiB', run: (options) => require('./ranges').ranges(options) },
  s3: { title: '1 GiB to S3 and back', run: (options) => require('./s3').s3(options) },
  batch: {
    title: '10,000 records of 256 bytes',
    run: (options) => require('./batch').batch(options),
  },
  fields: {
    title: 'Fields of 32 bytes',
    run: (options) => require('./fields').fields(options),
  },
  'field-bytes': {
    title: 'Bytes of a field',
    run: () => require('./fields').fieldBytes(),
    quick: false,
  },
  'branch-keys': {
    title: '1 KiB under a branch key in the cache',
    run: (options) => require('./branch-keys').branchKeys(options),
  },
  core: {
    title: 'The core in Rust',
    run: () => require('./core').core(),
    quick: false,
  },
  start: {
    title: 'A fresh process, with a local key',
    run: (options) => require('./start').localStart(options),
  },
  'start-kms': {
    title: 'A fresh process, under KMS',
    run: (options) => require('./start').kmsStart(options),
  },
  'start-kms-at-once': {
    title: 'A fresh process, under KMS that answers at once',
    run: (options) => require('./start').kmsStartAtOnce(options),
  },
  'kms-calls': {
    title: 'Calls of KMS',
    run: (options) => require('./kms-calls').kmsCalls(options),
    quick: false,
  },
  'kms-cost': {
    title: 'What a call of KMS costs the process',
    run: (options) => require('./kms-cost').kmsCost(options),
  },
  outage: {
    title: 'A key service that cannot be reached',
    run: (options) => require('./outage').outage(options),
  },
  memory: { title: 'Memory', run: (options) => require('./memory').memory(options) },
  growth: {
    title: 'What grows with what',
    run: () => require('./growth').growth(),
    quick: false,
  },
  size: { title: 'Size', run: (options) => require('./size').size(options) },
  ...Object.fromEntries(
    [20, 22, 24, 26].map((major) => [
      `node-${major}`,
      {
        title: `Node.js ${major}`,
        run: () => require('./versions').versions(),
        major,
        quick: false,
      },
    ]),
  ),
};

for (const [name, each] of Object.entries(CASES)) CASES[name] = { major: 24, quick: true, ...each };

module.exports = { CASES };
