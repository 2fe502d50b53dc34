'use strict';

const { hasFunction } = require('../input/functions.js');
const args = require('../input/index.js');
const { invalid } = require('../errors.js');
const { tenantOf, toSave } = require('./to-save.js');

/** @typedef {(sql: string, parameters: unknown[]) => unknown} Query */

/** What may be a table of a database: it goes into the SQL as it is. */
const TABLE = /^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$/;

/** Keys of tenants in a table of PostgreSQL or SQLite, through a function of the caller's. */
class SqlKeysetStore {
  #query;
  #table;
  #dialect;

  /** @param {unknown} options */
  constructor(options) {
    const known = /** @type {const} */ (['query', 'dialect', 'table']);
    const checkedOptions = args.options(options, known);
    if (typeof checkedOptions.query !== 'function') throw invalid('query must be a function');
    this.#query = /** @type {Query} */ (checkedOptions.query);
    if (checkedOptions.dialect !== 'postgresql' && checkedOptions.dialect !== 'sqlite') {
      throw invalid('dialect must be "postgresql" or "sqlite"');
    }
    this.#dialect = checkedOptions.dialect;
    this.#table = args.optionalString(checkedOptions.table, 'table') ?? 'field_keys';
    if (!TABLE.test(this.#table)) throw invalid('table must be a plain name of a table');
  }

  /** The statement that makes the table. */
  get createTableSql() {
    const [text, bytes] = this.#dialect === 'sqlite' ? ['TEXT', 'BLOB'] : ['text', 'bytea'];
    return (
      `CREATE TABLE IF NOT EXISTS ${this.#table} ` +
      `(tenant ${text} PRIMARY KEY, version integer NOT NULL, data ${bytes} NOT NULL)`
    );
  }

  /** @param {unknown} name */
  async load(name) {
    const tenant = tenantOf(name);
    const [row] = await this.#ask(`SELECT data, version FROM ${this.#table} WHERE tenant = ?`, [
      tenant,
    ]);
    return row;
  }

  /**
   * @param {unknown} name
   * @param {unknown} bytes
   * @param {unknown} versions
   */
  async save(name, bytes, versions) {
    const { tenant, data, version, previousVersion } = toSave(name, bytes, versions);
    const saved =
      previousVersion === 0
        ? await this.#ask(
            `INSERT INTO ${this.#table} (tenant, version, data) VALUES (?, ?, ?) ` +
              'ON CONFLICT (tenant) DO NOTHING RETURNING version',
            [tenant, version, data],
          )
        : await this.#ask(
            `UPDATE ${this.#table} SET version = ?, data = ? ` +
              'WHERE tenant = ? AND version = ? RETURNING version',
            [version, data, tenant, previousVersion],
          );
    return saved.length === 1;
  }

  /** @param {unknown} name */
  async remove(name) {
    const tenant = tenantOf(name);
    await this.#ask(`DELETE FROM ${this.#table} WHERE tenant = ?`, [tenant]);
  }

  /**
   * @param {string} sql
   * @param {unknown[]} parameters
   * @returns {Promise<any[]>}
   */
  async #ask(sql, parameters) {
    let count = 0;
    const text = this.#dialect === 'sqlite' ? sql : sql.replaceAll('?', () => `$${++count}`);
    const answer = await this.#query(text, parameters);
    const rows = args.isArray(answer) ? answer : Object(answer).rows;
    if (args.isArray(rows)) return rows;
    throw invalid('query must resolve with the rows: an array, or an object with `rows`');
  }
}

/** Keys of tenants in a table of DynamoDB, through the caller's client of AWS's SDK, version 3. */
class DynamoDbKeysetStore {
  #client;
  #commands;
  #table;

  /** @param {unknown} options */
  constructor(options) {
    const known = /** @type {const} */ (['client', 'commands', 'tableName']);
    const checkedOptions = args.options(options, known);
    this.#client = /** @type {any} */ (checkedOptions.client);
    this.#commands = /** @type {any} */ (checkedOptions.commands);
    this.#table = args.string(checkedOptions.tableName, 'tableName');
    const names = ['GetItemCommand', 'PutItemCommand', 'DeleteItemCommand'];
    if (
      !hasFunction(checkedOptions.client, 'send') ||
      names.some((name) => !hasFunction(checkedOptions.commands, name))
    ) {
      throw invalid(`give a DynamoDBClient as client, and { ${names.join(', ')} } as commands`);
    }
  }

  /** @param {unknown} name */
  async load(name) {
    const tenant = tenantOf(name);
    const { Item: item } = await this.#send('GetItemCommand', {
      Key: { tenant: { S: tenant } },
      ConsistentRead: true,
    });
    return item && { data: item.data.B, version: Number(item.version.N) };
  }

  /**
   * @param {unknown} name
   * @param {unknown} bytes
   * @param {unknown} versions
   */
  async save(name, bytes, versions) {
    const { tenant, data, version, previousVersion } = toSave(name, bytes, versions);
    const condition =
      previousVersion === 0
        ? { ConditionExpression: 'attribute_not_exists(tenant)' }
        : {
            ConditionExpression: '#version = :previous',
            ExpressionAttributeNames: { '#version': 'version' },
            ExpressionAttributeValues: { ':previous': { N: String(previousVersion) } },
          };
    try {
      const item = { tenant: { S: tenant }, version: { N: String(version) }, data: { B: data } };
      await this.#send('PutItemCommand', { Item: item, ...condition });
      return true;
    } catch (error) {
      if (Object(error).name === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  }

  /** @param {unknown} name */
  async remove(name) {
    const tenant = tenantOf(name);
    await this.#send('DeleteItemCommand', { Key: { tenant: { S: tenant } } });
  }

  /**
   * @param {string} name
   * @param {object} input
   * @returns {Promise<any>}
   */
  #send(name, input) {
    return this.#client.send(new this.#commands[name]({ TableName: this.#table, ...input }));
  }
}

module.exports = { DynamoDbKeysetStore, SqlKeysetStore };
