'use strict';

const { setImmediate: nextTurn } = require('node:timers/promises');

const { DatabaseFailure } = require('../databases/failure.js');
const { Failure, concernsOneFile, exitCodeOf } = require('../support/errors.js');

/** @typedef {import('./table.js').Row} Row */
/** @typedef {import('./table.js').Change} Change */
/** @typedef {import('./keyed-rows.js').Rows} Rows */

/** How many rows are converted at once: each may wait for the key service. */
const AT_ONCE = 32;
/** How often a row is read anew, because somebody changed it meanwhile. */
const MOST_ATTEMPTS = 10;
/** After so many rows that failed, more would tell nothing new. */
const MOST_FAILURES = 100;

/** Walks a table in the order of its primary key, and encrypts what is not yet. */
class Migration {
  #rows;
  #converter;
  #options;
  tally = { rows: 0, encrypted: 0, unchanged: 0, failed: 0 };
  /** The exit codes of the rows that failed. */
  exits = new Set();

  /**
   * @param {Rows} rows
   * @param {InstanceType<typeof import('./converter.js').Converter>} converter
   * @param {{
   *   batch: number, dryRun: boolean, signal: AbortSignal,
   *   onBatch(count: number): void, onDone(last: Row): void,
   *   onFailure(error: unknown, row: Row): void,
   * }} options `onBatch` is told how many rows were gone through; `onDone` that all rows up to this one are
   *   done for good, so that none of them has failed
   */
  constructor(rows, converter, options) {
    this.#rows = rows;
    this.#converter = converter;
    this.#options = options;
  }

  /** @param {unknown} start the key after which to begin; nothing for all rows */
  async run(start) {
    const { batch, signal, onBatch, onDone } = this.#options;
    let after = start;
    for (;;) {
      signal.throwIfAborted();
      const read = await this.#rows.read(after, batch);
      const last = read.at(-1);
      if (!last) return;
      const changes = await this.#convertAll(read);
      signal.throwIfAborted();
      await this.#writeAll(changes);
      after = last.key;
      this.tally.rows += read.length;
      if (this.tally.failed === 0) onDone(last);
      onBatch(read.length);
      // SQLite answers without the event loop, which shows the progress and hears of Ctrl-C.
      await nextTurn();
    }
  }

  /** @param {Row[]} rows */
  async #convertAll(rows) {
    const changes = [];
    for (let i = 0; i < rows.length; i += AT_ONCE) {
      const some = rows.slice(i, i + AT_ONCE).map((row) => this.#convert(row));
      changes.push(...(await Promise.all(some)));
    }
    return changes.filter((change) => change !== undefined);
  }

  /**
   * @param {Row} row
   * @returns {Promise<Change | undefined>}
   */
  async #convert(row) {
    try {
      const change = await this.#converter.convert(row);
      if (!change) this.tally.unchanged++;
      return change;
    } catch (error) {
      if (!concernsOneFile(error)) throw error;
      this.#fail(error, row);
      return undefined;
    }
  }

  /** @param {Change[]} changes */
  async #writeAll(changes) {
    if (changes.length === 0) return;
    if (this.#options.dryRun) {
      this.tally.encrypted += changes.length;
      return;
    }
    let written;
    try {
      written = await this.#rows.write(changes);
    } catch (error) {
      if (!(error instanceof DatabaseFailure && error.isOfRow)) throw error;
      if (changes.length > 1) {
        // One of them is refused, and with it all: which one it is, shows each by itself.
        for (const change of changes) await this.#writeAll([change]);
      } else if (changes[0]) this.#fail(error, changes[0].row);
      return;
    }
    this.tally.encrypted += written.size;
    for (const { row } of changes) {
      if (!written.has(row.key)) await this.#anew(row);
    }
  }

  /**
   * Takes a row again that somebody has changed since it was read.
   *
   * @param {Row} row
   */
  async #anew(row) {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const current = await this.#rows.again(row);
      const change = current && (await this.#convert(current));
      // It is gone, or done by somebody else, or has failed.
      if (!change) return;
      if ((await this.#rows.write([change])).size > 0) {
        this.tally.encrypted++;
        return;
      }
    }
    this.#fail(new Failure('FILE', 'the row is changed again and again; run it once more'), row);
  }

  /**
   * @param {unknown} error
   * @param {Row} row
   */
  #fail(error, row) {
    this.tally.failed++;
    this.exits.add(exitCodeOf(error));
    this.#options.onFailure(error, row);
    if (this.tally.failed < MOST_FAILURES) return;
    const advice = 'correct them, or the options, and run the command again';
    throw new Failure('MALFORMED_MESSAGE', `${MOST_FAILURES} rows have failed; ${advice}`);
  }
}

module.exports = { Migration };
