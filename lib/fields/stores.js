'use strict';

const path = require('node:path');

const { hasFunction } = require('../input/functions.js');
const args = require('../input/index.js');
const { invalid } = require('../errors.js');

// Loaded when it is first needed: a program starts sooner.
const files = () => require('node:fs/promises');

/** @typedef {(sql: string, parameters: unknown[]) => unknown} Query */

const SUFFIX = '.keys';
/** What may be a table of a database: it goes into the SQL as it is. */
const TABLE = /^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$/;

/** Keys of tenants as files of a folder, which several processes may share. */
class FolderKeysetStore {
  #folder;

  /** @param {unknown} folder */
  constructor(folder) {
    this.#folder = path.resolve(args.nameString(folder, 'the folder'));
  }

  /** @param {unknown} name */
  async load(name) {
    const tenant = tenantOf(name);
    // A version may become old before it is read: then there is a newer one.
    for (;;) {
      const version = (await this.#versions(tenant)).at(-1);
      if (version === undefined) return undefined;
      const data = await files()
        .readFile(this.#file(tenant, version))
        .catch((error) => {
          if (isCode(error, 'ENOENT')) return Buffer.alloc(0);
          throw error;
        });
      if (data.length > 0) return { data, version };
    }
  }

  /**
   * @param {unknown} name
   * @param {unknown} bytes
   * @param {unknown} versions
   */
  async save(name, bytes, versions) {
    const { tenant, data, version, previousVersion } = toSave(name, bytes, versions);
    await files().mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const known = await this.#versions(tenant);
    if ((known.at(-1) ?? 0) !== previousVersion) return false;
    const { randomUUID } = require('node:crypto');
    const temporary = path.join(this.#folder, `.${randomUUID()}`);
    try {
      await files().writeFile(temporary, data, { mode: 0o600, flush: true });
      // Fails if somebody else was first; a rename would not.
      await files().link(temporary, this.#file(tenant, version));
    } catch (error) {
      if (isCode(error, 'EEXIST')) return false;
      throw error;
    } finally {
      await files().rm(temporary, { force: true });
    }
    // Old keys go, and the names stay, so that nobody can store an old version anew.
    for (const old of known.slice(-2)) await files().truncate(this.#file(tenant, old), 0);
    return true;
  }

  /** @param {unknown} name */
  async remove(name) {
    const tenant = tenantOf(name);
    for (const version of await this.#versions(tenant)) {
      await files().rm(this.#file(tenant, version), { force: true });
    }
  }

  /** @param {string} tenant */
  async #versions(tenant) {
    const start = `${nameOf(tenant)}.`;
    const names = await files()
      .readdir(this.#folder)
      .catch((error) => {
        if (isCode(error, 'ENOENT')) return [];
        throw error;
      });
    return names
      .filter((name) => name.startsWith(start) && name.endsWith(SUFFIX))
      .map((name) => Number(name.slice(start.length, -SUFFIX.length)))
      .filter((version) => Number.isSafeInteger(version) && version > 0)
      .sort((a, b) => a - b);
  }

  /**
   * @param {string} tenant
   * @param {number} version
   */
  #file(tenant, version) {
    return path.join(this.#folder, `${nameOf(tenant)}.${version}${SUFFIX}`);
  }
}

/** Keys of tenants in a table of PostgreSQL or SQLite, through a function of the caller's. */
class SqlKeysetStore {
  #query;
  #table;
  #dialect;

  /** @param {unknown} options */
  constructor(options) {
    const known = /** @type {const} */ (['query', 'dialect', 'table']);
    const given = args.options(options, known);
    if (typeof given.query !== 'function') throw invalid('query must be a function');
    this.#query = /** @type {Query} */ (given.query);
    if (given.dialect !== 'postgresql' && given.dialect !== 'sqlite') {
      throw invalid('dialect must be "postgresql" or "sqlite"');
    }
    this.#dialect = given.dialect;
    this.#table = args.optionalString(given.table, 'table') ?? 'field_keys';
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
    const given = args.options(options, known);
    this.#client = /** @type {any} */ (given.client);
    this.#commands = /** @type {any} */ (given.commands);
    this.#table = args.string(given.tableName, 'tableName');
    const names = ['GetItemCommand', 'PutItemCommand', 'DeleteItemCommand'];
    if (
      !hasFunction(given.client, 'send') ||
      names.some((name) => !hasFunction(given.commands, name))
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

/** @param {unknown} name */
function tenantOf(name) {
  return args.string(name, 'the tenant');
}

/**
 * @param {unknown} name
 * @param {unknown} bytes
 * @param {unknown} versions
 */
function toSave(name, bytes, versions) {
  const known = /** @type {const} */ (['version', 'previousVersion']);
  const given = args.options(versions, known, 'the versions');
  const { MAX_SAFE_INTEGER: most } = Number;
  return {
    tenant: tenantOf(name),
    data: Buffer.from(args.byteArray(bytes, 'the data')),
    version: args.integer(given.version, 'version', 1, most),
    previousVersion: args.integer(given.previousVersion, 'previousVersion', 0, most),
  };
}

/** @param {string} tenant */
function nameOf(tenant) {
  return Buffer.from(tenant).toString('base64url');
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function isCode(error, code) {
  return Object(error).code === code;
}

module.exports = { DynamoDbKeysetStore, FolderKeysetStore, SqlKeysetStore };
