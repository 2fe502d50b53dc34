'use strict';

const { Failure, describe } = require('../support/errors.js');
const { library } = require('../support/library.js');
const { plainValue } = require('./plain-values.js');

/** @typedef {import('./table.js').Row} Row */
/** @typedef {import('./table.js').Change} Change */
/** @typedef {import('./table.js').ColumnInfo} ColumnInfo */
/** @typedef {import('./index-options.js').IndexOption} IndexOption */
/** @typedef {import('../..').FieldEncoding} FieldEncoding */

/** What `@47ng/cloak` begins with. */
const CLOAK = 'v1.aesgcm256.';
/** The first byte of Tink's ciphertexts, before the id of their key. */
const TINK = 1;
const PREFIX_LENGTH = 5;
/** A ciphertext of Tink's is longer than its plaintext by at least this, in bytes. */
const SHORTEST = 21;
/** More than one value begins like this. */
const SEVERAL = Symbol('several');
const MOST_ALIKE = 100_000;

/** Turns what a row holds into what it is to hold. */
class Converter {
  #fields;
  #options;
  #shape;
  #column;
  #reader;
  #encoding;
  #indexes;
  #purpose;
  /** @type {Map<string, unknown>} a value that looks encrypted, by what it begins with; or SEVERAL */
  #alike = new Map();

  /**
   * @param {import('../..').Fields} fields
   * @param {import('./table.js').Shape} shape
   * @param {{
   *   table: string, column: string, type: keyof import('../..').FieldTypes, withRow: boolean,
   *   deterministic: boolean, encoding: FieldEncoding | undefined,
   *   indexes: IndexOption[], origins: import('./origins.js').Origins,
   * }} options
   */
  constructor(fields, shape, options) {
    this.#fields = fields;
    this.#shape = shape;
    this.#options = options;
    this.#encoding = encodingFor(shape.target, options.encoding);
    const { table, column, type, deterministic, indexes, origins } = options;
    const names = { table, column, deterministic, encoding: this.#encoding };
    this.#column = fields.column({ ...names, type, ...indexOptions(indexes) });
    // What other packages encrypted is text, or bytes, and read as strictly as plaintext.
    const plain = type === 'bytes' ? /** @type {const} */ ('bytes') : /** @type {const} */ ('text');
    this.#reader = fields.column({ ...names, type: plain, from: origins.packages });
    this.#indexes = indexes.map((index, i) => ({
      name: index.name,
      // The column's own encoding may be another.
      encoding:
        encodingFor(/** @type {ColumnInfo} */ (shape.indexes[i]), index.encoding) ?? 'buffer',
    }));
    this.#purpose = /** @type {import('../..').FieldKeyPurpose} */ (
      deterministic ? 'deterministic' : 'encryption'
    );
  }

  /**
   * Looks at rows before they are converted: one value alone may look like one of Tink's by chance, two
   * of one key do not.
   *
   * @param {Row[]} rows
   */
  look(rows) {
    for (const { source } of rows) {
      const prefix = this.#prefixOf(source)?.toString('hex');
      if (prefix === undefined) continue;
      const isFirst = !this.#alike.has(prefix) && this.#alike.size < MOST_ALIKE;
      if (isFirst) this.#alike.set(prefix, source);
      else if (!isSame(this.#alike.get(prefix), source)) this.#alike.set(prefix, SEVERAL);
    }
  }

  /**
   * What is to be written; nothing if all is there already.
   *
   * @param {Row} row
   * @returns {Promise<Change | undefined>}
   */
  async convert(row) {
    const place = this.#placeOf(row);
    const { inPlace } = this.#shape;
    const known = inPlace || row.target !== null ? this.#keyOf(row.target) : undefined;
    if (known === undefined && !inPlace && row.target !== null) {
      throw new Failure('MALFORMED_MESSAGE', 'the column to write holds what is no value of ours');
    }
    const value = known
      ? this.#column.decrypt(/** @type {any} */ (row.target), place)
      : await this.#plain(row.source);
    if (known && !inPlace) await this.#refuseOther(row.source, value);
    const indexes = this.#indexes.map(({ name, encoding }) => {
      return /** @type {any} */ (this.#column).index(value, { name: name || undefined, encoding });
    });
    const isCurrent = known?.primary === true;
    if (isCurrent && indexes.every((index, i) => isSame(index, row.indexes[i]))) return undefined;
    const sealed = isCurrent ? row.target : this.#column.encrypt(/** @type {any} */ (value), place);
    return { row, value: sealed, indexes };
  }

  /** @param {Row} row */
  #placeOf({ key }) {
    if (!this.#options.withRow) return {};
    const isBytea = this.#shape.key.type === 'bytea' && typeof key === 'string';
    return { row: isBytea ? Buffer.from(key.slice(2), 'hex') : /** @type {string} */ (key) };
  }

  /**
   * The key that a value of ours was encrypted under; nothing if it is none.
   *
   * @param {unknown} value
   */
  #keyOf(value) {
    const prefix = this.#prefixOf(value);
    if (prefix === undefined) return undefined;
    const id = prefix.readUInt32BE(1);
    return this.#fields.keys(this.#purpose).find((key) => key.id === id);
  }

  /**
   * What a ciphertext of Tink's begins with; nothing if the value cannot be one.
   *
   * @param {unknown} value
   */
  #prefixOf(value) {
    const bytes = bytesOf(value, this.#encoding);
    if (bytes === undefined || bytes.length < SHORTEST || bytes[0] !== TINK) return undefined;
    return bytes.subarray(0, PREFIX_LENGTH);
  }

  /**
   * The value that is not ours yet.
   *
   * @param {unknown} stored
   */
  async #plain(stored) {
    const { type, origins } = this.#options;
    const found = (await this.#ofMessage(stored)) ?? this.#ofPackage(stored);
    if (found !== undefined) return plainValue(type, found);
    if (origins.plaintext && !this.#looksEncrypted(stored)) return plainValue(type, stored);
    throw new Failure(
      'MALFORMED_MESSAGE',
      'the value is of no known kind; name its kind by --from, or correct it',
    );
  }

  /** @param {unknown} stored */
  async #ofMessage(stored) {
    const { messages, encryptionContext } = this.#options.origins;
    if (!isMessage(stored)) return undefined;
    const message = /** @type {Buffer} */ (bytesOf(stored, 'base64'));
    let failure;
    for (const envelope of messages) {
      try {
        return await envelope.decrypt(message, { encryptionContext });
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure) throw failure;
    return undefined;
  }

  /** @param {unknown} stored */
  #ofPackage(stored) {
    if (this.#options.origins.packages.length === 0) return undefined;
    if (typeof stored !== 'string' && !(stored instanceof Uint8Array)) return undefined;
    try {
      return this.#reader.decrypt(stored);
    } catch (error) {
      // Anything else is of that package, and does not decrypt.
      if (/MALFORMED_MESSAGE|NO_USABLE_KEY|TRUNCATED|INVALID_ARGUMENT/.test(describe(error).code)) {
        return undefined;
      }
      throw error;
    }
  }

  /**
   * Whether a value that should be plaintext is of a kind that was not named.
   *
   * @param {unknown} stored
   */
  #looksEncrypted(stored) {
    if (typeof stored === 'string' && stored.startsWith(CLOAK)) return true;
    if (isMessage(stored)) return true;
    const prefix = this.#prefixOf(stored)?.toString('hex');
    return prefix !== undefined && this.#alike.get(prefix) === SEVERAL;
  }

  /**
   * With two columns: the application may have changed one of them only.
   *
   * @param {unknown} source
   * @param {unknown} value
   */
  async #refuseOther(source, value) {
    const known = this.#keyOf(source) ? undefined : await this.#plain(source);
    if (known !== undefined && isSame(known, value)) return;
    throw new Failure('FIELD_MISMATCH', 'both columns hold a value, and they differ');
  }
}

/**
 * How values are written to a column: bytes where it takes them.
 *
 * @param {ColumnInfo} column
 * @param {FieldEncoding | undefined} given
 * @returns {Exclude<FieldEncoding, 'buffer'> | undefined}
 */
function encodingFor({ type }, given) {
  if (given !== undefined) return /** @type {any} */ (given);
  return /^$|blob|bytea/i.test(type) ? undefined : 'base64url';
}

/** @param {IndexOption[]} indexes */
function indexOptions(indexes) {
  const own = indexes.find(({ name }) => name === '');
  const named = indexes.filter(({ name }) => name !== '');
  return {
    ...(own && { index: own.options }),
    indexes: Object.fromEntries(named.map(({ name, options }) => [name, options])),
  };
}

/**
 * @param {unknown} value
 * @param {BufferEncoding | undefined} encoding
 */
function bytesOf(value, encoding) {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value !== 'string' || encoding === undefined) return undefined;
  const bytes = Buffer.from(value, encoding);
  const isWhole = [encoding, 'base64url'].some((one) => {
    return bytes.toString(/** @type {BufferEncoding} */ (one)) === value;
  });
  return isWhole ? bytes : undefined;
}

/** @param {unknown} value whether it is a message of the Encryption SDK, in Base64 or not */
function isMessage(value) {
  const bytes = bytesOf(value, 'base64');
  if (bytes === undefined) return false;
  try {
    library().inspect(bytes);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {unknown} a
 * @param {unknown} b
 */
function isSame(a, b) {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (Object(a) !== a || Object(b) !== b) return Object.is(a, b);
  return JSON.stringify(a) === JSON.stringify(b);
}

module.exports = { Converter };
