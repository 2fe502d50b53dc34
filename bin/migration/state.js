'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');

const { Failure } = require('../support/errors.js');

/** Where a run that was ended goes on: after the key of the last row that was done. */
class MigrationState {
  #file;
  #identity;
  /** @type {unknown} nothing at the start */
  after;

  /**
   * Reads what an earlier run of the same migration noted.
   *
   * @param {string} file
   * @param {unknown[]} identity what must be the same; else everything is looked at again
   */
  constructor(file, identity) {
    this.#file = file;
    this.#identity = crypto.createHash('sha256').update(JSON.stringify(identity)).digest('hex');
    const noted = read(file);
    if (noted?.migration === this.#identity) this.after = fromJson(noted.after);
  }

  /**
   * Notes that all rows up to this key are done.
   *
   * @param {unknown} key
   */
  save(key) {
    const text = JSON.stringify({ migration: this.#identity, after: toJson(key) });
    const temporary = `${this.#file}.tmp`;
    fs.writeFileSync(temporary, `${text}\n`, { mode: 0o600 });
    fs.renameSync(temporary, this.#file);
  }

  /** Forgets it: the next run begins at the start. */
  clear() {
    fs.rmSync(this.#file, { force: true });
  }
}

/**
 * @param {string} file
 * @returns {{ migration?: unknown, after?: any } | undefined}
 */
function read(file) {
  let text;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new Failure('FILE', `'${file}' is not what a run has noted; remove it, or give --state`);
  }
}

/** @param {unknown} key */
function toJson(key) {
  if (typeof key === 'bigint') return { bigint: String(key) };
  if (key instanceof Uint8Array) return { bytes: Buffer.from(key).toString('hex') };
  return { value: key };
}

/** @param {{ bigint?: string, bytes?: string, value?: unknown }} noted */
function fromJson({ bigint, bytes, value }) {
  if (bigint !== undefined) return BigInt(bigint);
  return bytes === undefined ? value : Buffer.from(bytes, 'hex');
}

module.exports = { MigrationState };
