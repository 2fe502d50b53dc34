'use strict';

const { Failure, describe } = require('../support/errors.js');
const { library } = require('../support/library.js');
const { bytesOf, ciphertextIn, keyIdOf } = require('./ciphertexts.js');
const { plainValue } = require('./plain-values.js');

/** @typedef {import('./table.js').Row} Row */
/** @typedef {import('./table.js').Change} Change */
/** @typedef {import('./table.js').ColumnInfo} ColumnInfo */
/** @typedef {import('./index-options.js').IndexOption} IndexOption */
/** @typedef {import('../..').FieldEncoding} FieldEncoding */

/** What `@47ng/cloak` begins with. */
const CLOAK = 'v1.aesgcm256.';

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
    const id = keyIdOf(value, this.#encoding);
    return id === undefined ? undefined : this.#keyWith(id);
  }

  /** @param {number} id */
  #keyWith(id) {
    return this.#fields.keys(this.#purpose).find((key) => key.id === id);
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
    if (origins.plaintext && !looksForeign(stored)) {
      this.#refuseCiphertext(stored);
      return plainValue(type, stored);
    }
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
   * Refuses what should be plaintext and has the form of a value of ours: under a key that was destroyed, or
   * was added a moment ago, or in another encoding. Encrypted once more, it would be hidden for good.
   *
   * @param {unknown} stored
   */
  #refuseCiphertext(stored) {
    const { deterministic, origins } = this.#options;
    const found = ciphertextIn(stored, { deterministic });
    if (found === undefined) return;
    const { keyId, encoding } = found;
    if (this.#keyWith(keyId)) {
      const wrong = `the value is encrypted under key ${keyId}, in ${encoding}`;
      throw new Failure('MALFORMED_MESSAGE', `${wrong}; give --encoding as the application has it`);
    }
    if (origins.ciphertextLike) return;
    throw new Failure(
      'NO_USABLE_KEY',
      `the value looks encrypted under key ${keyId}, which the column does not have; if that key was just ` +
        'added, run the command again; if it is that of another tenant, give --tenant-column; if it was ' +
        'destroyed, nothing can read the value: set it to NULL; if the value is plaintext all the same, ' +
        'give --from plaintext:any',
    );
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
 * @param {FieldEncoding | undefined} encoding
 * @returns {Exclude<FieldEncoding, 'buffer'> | undefined}
 */
function encodingFor({ type }, encoding) {
  if (encoding !== undefined) return /** @type {any} */ (encoding);
  return /^$|blob|bytea/i.test(type) ? undefined : 'base64url';
}

/** @param {IndexOption[]} indexes */
function indexOptions(indexes) {
  const unnamed = indexes.find(({ name }) => name === '');
  const named = indexes.filter(({ name }) => name !== '');
  return {
    ...(unnamed && { index: unnamed.options }),
    indexes: Object.fromEntries(named.map(({ name, options }) => [name, options])),
  };
}

/** @param {unknown} stored whether it is of a kind of others, which `--from` can name */
function looksForeign(stored) {
  return (typeof stored === 'string' && stored.startsWith(CLOAK)) || isMessage(stored);
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
