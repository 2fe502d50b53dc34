'use strict';

// The global of this name is a getter, which takes nearly as long as a new buffer.
const { Buffer } = require('node:buffer');

const args = require('../input/index.js');
const batch = require('./batch.js');
const { encodingOf, sealedArray, sealedBytes, simple } = require('./encoding.js');
const { EnvelopeError, fromNative, invalid } = require('../errors.js');
const { ForeignValues } = require('./foreign-values.js');
const { indexesOf } = require('./indexes.js');
const { most, put, room } = require('../input/scratch.js');
const { rowOf } = require('./row.js');
const { bytesValue, typeOf } = require('./values.js');

/** @typedef {import('../../binding').FieldKeys} FieldKeys */

const OPTIONS = /** @type {const} */ ([
  'table',
  'column',
  'type',
  'encoding',
  'deterministic',
  'index',
  'indexes',
  'from',
]);
const CALL_OPTIONS = /** @type {const} */ (['row', 'encoding']);
const INDEX_CALL_OPTIONS = /** @type {const} */ (['name', 'keyId', 'encoding']);
const NO_ROW = -1;

/** The values of one column. */
class Column {
  #native;
  #encrypt;
  #decrypt;
  #type;
  #encoding;
  #deterministic;
  #indexes;
  #foreign;
  #owner;
  #overhead = 0;
  /** The version of the keys that `#overhead` is of. */
  #measured = 0;

  /**
   * @param {FieldKeys} keys
   * @param {unknown} options
   * @param {{
   *   version(): number, onUnknownKey(): void, reads: { started: number, completed: number },
   * }} owner version: of the keys in use, from 1 up; reads: numbers of the last read of the keys that began,
   *   and of the last one that succeeded
   */
  constructor(keys, options, owner) {
    const checkedOptions = args.options(options, OPTIONS);
    const { type, encoding, deterministic, from } = checkedOptions;
    const table = args.string(checkedOptions.table, 'table');
    const column = args.string(checkedOptions.column, 'column');
    this.#type = typeOf(type);
    this.#encoding = encodingOf(encoding);
    this.#deterministic = args.optionalBoolean(deterministic, 'deterministic') ?? false;
    this.#native = keys.column(this.#deterministic, table, column);
    this.#encrypt = this.#native.encrypter();
    this.#decrypt = this.#native.decrypter();
    this.#indexes = indexesOf(keys, table, column, checkedOptions);
    this.#foreign = new ForeignValues(from, this.#native, owner.reads);
    this.#owner = owner;
  }

  /**
   * @param {unknown} value
   * @param {unknown} [options]
   */
  encrypt(value, options) {
    const { row, encoding } = this.#call(options);
    if (value === null) return null;
    const plain = this.#plain(value);
    const length = most(row) + most(plain);
    const scratch = room(length);
    try {
      const rowEnd = row === undefined ? NO_ROW : put(scratch, row, 0);
      const start = rowEnd < 0 ? 0 : rowEnd;
      const end = put(scratch, plain, start);
      const output = Buffer.allocUnsafe(end - start + this.#addedLength());
      const written = this.#encrypt(scratch, rowEnd, end, output);
      const sealed = written === output.length ? output : output.subarray(0, written);
      return encoding === undefined ? sealed : sealed.toString(encoding);
    } catch (error) {
      // The addon wipes what it reads, but it may not have been called.
      args.wipe(scratch, length);
      throw this.#failure(error);
    }
  }

  /**
   * @param {unknown} value
   * @param {unknown} [options]
   */
  decrypt(value, options) {
    const { row, encoding } = this.#call(options);
    if (value === null) return null;
    const foreign = this.#foreign.read(value, encoding);
    if (foreign) return this.#takenFrom([foreign])[0];
    const sealed = sealedArray(value, encoding);
    const scratch = room(Math.max(most(row), args.byteLength(sealed)));
    const rowEnd = row === undefined ? NO_ROW : put(scratch, row, 0);
    let length = 0;
    try {
      length = this.#decrypt(sealed, rowEnd, scratch);
      return this.#value(scratch, 0, length);
    } catch (error) {
      throw this.#failure(error);
    } finally {
      args.wipe(scratch, Math.max(length, rowEnd, 0));
    }
  }

  /**
   * @param {unknown} values
   * @param {unknown} [options]
   */
  encryptMany(values, options) {
    const { rows, encoding } = this.#manyCall(options);
    const plain = args.list(values, 'the values').map((value) => {
      return value === null ? null : this.#plain(value);
    });
    try {
      const overhead = this.#addedLength();
      const sealed = batch.run(plain, rows, overhead, (input, end, output) =>
        this.#native.encryptMany(input, end, output),
      );
      return encoding === undefined
        ? sealed
        : sealed.map((value) => value && value.toString(encoding));
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /**
   * @param {unknown} values
   * @param {unknown} [options]
   */
  decryptMany(values, options) {
    const { rows, encoding } = this.#manyCall(options);
    if (this.#foreign.exist) return this.#decryptEach(values, rows, encoding);
    const sealed = args.list(values, 'the values').map((value) => {
      return value === null ? null : sealedBytes(value, encoding);
    });
    try {
      const plain = batch.run(sealed, rows, 0, (input, end, output) =>
        this.#native.decryptMany(input, end, output),
      );
      return this.#takenFrom(plain);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /**
   * @param {unknown} value
   * @param {unknown} [options]
   */
  index(value, options) {
    const { name, keyId, encoding } = this.#indexCall(options);
    if (value === null) return null;
    return this.#found(name).compute(this.#text(value), keyId, encoding);
  }

  /**
   * @param {unknown} value
   * @param {unknown} [options]
   */
  indexes(value, options) {
    const { name, encoding } = this.#indexCall(options);
    if (value === null) return [];
    return this.#found(name).computeAll(this.#text(value), encoding);
  }

  /**
   * @param {unknown} values
   * @param {ReturnType<typeof rowOf>[] | undefined} rows
   * @param {unknown} encoding
   */
  #decryptEach(values, rows, encoding) {
    const list = args.list(values, 'the values');
    if (rows && rows.length !== list.length) {
      throw invalid(`there are ${list.length} values and ${rows.length} rows`);
    }
    return list.map((value, i) => this.decrypt(value, { row: rows?.[i], encoding }));
  }

  /** How much longer a value becomes, in bytes; the addon is asked only after the keys have changed. */
  #addedLength() {
    const version = this.#owner.version();
    if (version !== this.#measured) {
      this.#overhead = this.#native.overhead;
      this.#measured = version;
    }
    return this.#overhead;
  }

  /** @param {unknown} value */
  #plain(value) {
    return this.#type.toText ? this.#type.toText(value) : bytesValue(value);
  }

  /** @param {unknown} value */
  #text(value) {
    if (this.#type.toText) return this.#type.toText(value);
    return Buffer.from(bytesValue(value)).toString('latin1');
  }

  /**
   * Returns the values that plaintexts are, and wipes the plaintexts, also if one of them cannot be read.
   *
   * @param {(Buffer | null)[]} plain
   */
  #takenFrom(plain) {
    try {
      return plain.map((value) => value && this.#value(value, 0, value.length));
    } finally {
      for (const value of plain) value?.fill(0);
    }
  }

  /**
   * @param {Buffer} buffer
   * @param {number} from
   * @param {number} to
   */
  #value(buffer, from, to) {
    const { fromText } = this.#type;
    if (fromText) return fromText(buffer.toString('utf8', from, to));
    const value = Buffer.allocUnsafe(to - from);
    buffer.copy(value, 0, from, to);
    return value;
  }

  /** @param {unknown} options */
  #call(options) {
    if (options === undefined) return { row: undefined, encoding: this.#encoding };
    const checkedOptions = simple(options) ?? args.options(options, CALL_OPTIONS);
    const encoding = encodingOf(checkedOptions.encoding, this.#encoding);
    const row = rowOf(checkedOptions.row);
    if (row !== undefined && this.#deterministic) throw boundToNoRow();
    return { row, encoding };
  }

  /** @param {unknown} options */
  #manyCall(options) {
    const { rows, ...rest } = args.options(options, /** @type {const} */ (['rows', 'encoding']));
    const encoding = encodingOf(rest.encoding, this.#encoding);
    if (rows === undefined) return { rows, encoding };
    if (this.#deterministic) throw boundToNoRow();
    return { rows: args.list(rows, 'rows').map(rowOf), encoding };
  }

  /** @param {unknown} options */
  #indexCall(options) {
    const { name, keyId, encoding } = args.options(options, INDEX_CALL_OPTIONS);
    return {
      name: name === undefined ? '' : args.string(name, 'name'),
      keyId: args.optionalInteger(keyId, 'keyId', 0, 2 ** 32 - 1),
      encoding: encodingOf(encoding, this.#encoding),
    };
  }

  /** @param {string} name */
  #found(name) {
    const index = this.#indexes.get(name);
    if (index) return index;
    throw invalid(
      name === ''
        ? 'the column has no index; give it the option `index`'
        : 'the column has no index of that name; give it one in `indexes`',
    );
  }

  /** @param {unknown} error */
  #failure(error) {
    const failure = fromNative(error);
    if (failure.code !== 'ERR_ENVELOPE_NO_USABLE_KEY') return failure;
    this.#owner.onUnknownKey();
    return new EnvelopeError(
      failure.code,
      `${failure.message}; if it was added a short time ago, await fields.refresh() and try again`,
      { retryable: true },
    );
  }
}

function boundToNoRow() {
  return invalid('a deterministic column is not bound to rows: equal values must be equal in all');
}

module.exports = { Column };
