'use strict';

const path = require('node:path');

const { openDatabase } = require('../../databases/index.js');
const { Converter } = require('../../migration/converter.js');
const { indexOptionsOf } = require('../../migration/index-options.js');
const { Migration } = require('../../migration/migration.js');
const { originsOf } = require('../../migration/origins.js');
const { postgresqlRows } = require('../../migration/postgresql-rows.js');
const { sqliteRows } = require('../../migration/sqlite-rows.js');
const { MigrationState } = require('../../migration/state.js');
const { describeTable } = require('../../migration/table.js');
const { wholeNumberOf } = require('../../support/arguments.js');
const { OF_BRANCH_KEY } = require('../../support/branch-key-options.js');
const {
  Failure,
  commonExitCode,
  concernsOneFile,
  describe,
  usage,
} = require('../../support/errors.js');
const { refusePositionals, tenantOf, withFields } = require('../../support/field-keys.js');

/** @typedef {import('../../migration/table.js').Row} Row */
/** @typedef {import('../../migration/table.js').Shape} Shape */

const MOST_ROWS = 10_000;

/** @param {import('..').Invocation} invocation */
async function run(invocation) {
  const { values, positionals, signal } = invocation;
  refusePositionals('migrate', positionals);
  const plan = planOf(values);
  const dryRun = values['dry-run'] === true;
  return withFields(values, { signal }, async (fields) => {
    const database = await openDatabase(plan.address, { readOnly: dryRun });
    try {
      const shape = await describeTable(database, plan);
      const rowsOf = database.dialect === 'sqlite' ? sqliteRows : postgresqlRows;
      const rows = rowsOf(database, shape);
      const converter = new Converter(fields, shape, plan.conversion);
      return await walk(invocation, { plan, fields, rows, converter, dryRun });
    } finally {
      await database.close();
    }
  });
}

/**
 * What is asked for, before anything is opened.
 *
 * @param {import('..').Values} values
 */
function planOf(values) {
  const { database: address = process.env.DATABASE_URL, table, column, to } = values;
  if (!address) throw usage('give --database, or set the environment variable DATABASE_URL');
  if (!table || !column) throw usage('give --table and --column');
  const indexes = indexOptionsOf(values.index);
  const bound = boundTo(values['bound-to']) ?? { table, column: to ?? column };
  const deterministic = values.deterministic === true;
  return {
    address,
    table,
    column,
    to,
    indexes: indexes.map((index) => index.column),
    tenantColumn: values['tenant-column'],
    tenant: tenantOf(values),
    batch: wholeNumberOf(values, 'batch', MOST_ROWS) ?? 500,
    state:
      values.state ?? `.kms-envelope-migrate-${table}.${to ?? column}.json`.replace(/[/\\]/g, '_'),
    conversion: {
      ...bound,
      type: /** @type {keyof import('../../..').FieldTypes} */ (values.type ?? 'text'),
      withRow: values['without-row'] !== true && !deterministic,
      deterministic,
      encoding: /** @type {import('../../..').FieldEncoding | undefined} */ (values.encoding),
      indexes,
      origins: originsOf(values),
    },
  };
}

/**
 * @param {import('..').Invocation} invocation
 * @param {{
 *   plan: ReturnType<typeof planOf>, fields: import('../../..').Fields, dryRun: boolean,
 *   rows: import('../../migration/keyed-rows.js').Rows,
 *   converter: InstanceType<typeof Converter>,
 * }} parts
 */
async function walk({ values, reporter, signal }, { plan, fields, rows, converter, dryRun }) {
  const state = new MigrationState(plan.state, identityOf(plan, fields));
  const start = dryRun ? undefined : state.after;
  const name = `${plan.table}.${plan.column}`;
  const shown = process.stderr.isTTY && !values.quiet && !values.json;
  const total = shown ? await rows.count(start) : undefined;
  const progress = reporter.progress({ total, unit: 'rows' });
  const migration = new Migration(rows, converter, {
    batch: plan.batch,
    dryRun,
    signal,
    onBatch: (count) => progress.add(count, name),
    onDone({ key }) {
      if (!dryRun) state.save(key);
    },
    onFailure: (error, row) => reporter.failure(...named(error, `${name}, row ${text(row.key)}`)),
  });
  try {
    await migration.run(start);
  } finally {
    progress.stop();
  }
  if (!dryRun) state.clear();
  const { tally } = migration;
  const resumed = start !== undefined;
  const { table, column } = plan;
  const told = `${tally.encrypted} ${dryRun ? 'would be encrypted' : 'encrypted'}`;
  await reporter.result(
    { status: dryRun ? 'checked' : 'migrated', source: name, table, column, ...tally, resumed },
    `${name}: ${told}, ${tally.unchanged} as they should be, ${tally.failed} failed`,
  );
  return commonExitCode(migration.exits);
}

/**
 * What makes two runs the same migration; another key means that all rows are looked at again. What `--from`
 * names is no part of it: rows that are done are ours, whatever they were.
 *
 * @param {ReturnType<typeof planOf>} plan
 * @param {import('../../..').Fields} fields
 */
function identityOf({ address, table, column, to, tenant, tenantColumn, conversion }, fields) {
  const primary = fields.keys().filter((key) => key.primary);
  const { origins, ...options } = conversion;
  const place = address.replace(/^(\w+:\/\/)[^@/]*@/, '$1');
  const database = /^sqlite:/.test(place)
    ? path.resolve(place.replace(/^sqlite:(\/\/)?/, ''))
    : place;
  return [database, table, column, to, tenant, tenantColumn, options, primary.map(({ id }) => id)];
}

/**
 * What failed with a row, so that the row is told.
 *
 * @param {unknown} error
 * @param {string} source
 * @returns {[error: unknown, place: { source: string }]}
 */
function named(error, source) {
  if (concernsOneFile(error)) return [error, { source }];
  return [new Failure('DATABASE', `'${source}': ${describe(error).message}`), { source }];
}

/** @param {unknown} key */
function text(key) {
  return key instanceof Uint8Array ? `\\x${Buffer.from(key).toString('hex')}` : String(key);
}

/** @param {string | undefined} names */
function boundTo(names) {
  if (names === undefined) return undefined;
  const at = names.lastIndexOf('.');
  if (at > 0 && at < names.length - 1) {
    return { table: names.slice(0, at), column: names.slice(at + 1) };
  }
  throw usage('--bound-to must be TABLE.COLUMN');
}

module.exports = {
  summary: 'Encrypt a column of a table, or encrypt it again under a new key',
  usage: '--table NAME --column NAME [OPTION...]',
  details: `It walks the table in the order of its primary key, one transaction a batch, and
encrypts what --from names; values of ours under an older key are encrypted
again, those under the current key stay. A row that the application changes
meanwhile is read anew. A value of no known kind is an error that names its row,
and stays as it is; the other rows are done all the same.

The application must read both kinds before, and write the new one: give its
fields.column the same "from". An interrupted run goes on where it was by the
same command, or at the first row that failed. At the end, run it once more: it
should find nothing to do.

A value that looks encrypted, under a key that the column does not have, is not
taken for plaintext, unless by --from plaintext:any.
`,
  options: /** @type {const} */ ([
    'key',
    ...OF_BRANCH_KEY,
    'store',
    'tenant',
    'database',
    'table',
    'column',
    'to',
    'from',
    'iv-length',
    'context',
    'type',
    'encoding',
    'deterministic',
    'index',
    'bound-to',
    'without-row',
    'tenant-column',
    'batch',
    'state',
    'dry-run',
    'json',
    'quiet',
    'help',
  ]),
  run,
};
