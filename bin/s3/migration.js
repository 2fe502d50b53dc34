'use strict';

const { Failure, concernsOneFile, exitCodeOf } = require('../support/errors.js');
const { s3Failure } = require('./failure.js');

/** @typedef {{ place: { Bucket: string, Key: string }, address: string, size: number }} Item */
/** @typedef {import('../../integrations/s3').S3Migration} Outcome */

/** After so many objects that failed, more would tell nothing new. */
const MOST_FAILURES = 1000;

/** How each outcome is told of. */
const WORDS = /** @type {Record<Outcome['status'], string>} */ ({
  migrated: 'migrated',
  checked: 'would be migrated',
  unchanged: 'unchanged',
  superseded: 'superseded',
  instructionFile: 'instruction files in use',
  removed: 'instruction files removed',
});
/** What is told of each object; of the rest only the number. */
const TOLD = ['migrated', 'checked', 'removed'];

/** Migrates objects, several at a time; one that fails does not stop the others. */
class Migration {
  #migrate;
  #reporter;
  #atOnce;
  /** Ends all: because the process is asked to end, or what fails would fail for all objects alike. */
  #stop = new AbortController();
  /** @type {InstanceType<typeof import('../support/progress.js').Progress> | undefined} */
  #progress;
  #counts = new Map();
  /** The exit codes of the objects that failed. */
  exits = new Set();

  /**
   * @param {(place: Item['place'], signal: AbortSignal) => Promise<Outcome>} migrate
   * @param {{
   *   reporter: import('../commands').Invocation['reporter'], signal: AbortSignal, atOnce: number,
   * }} options
   */
  constructor(migrate, { reporter, signal, atOnce }) {
    this.#migrate = migrate;
    this.#reporter = reporter;
    this.#atOnce = atOnce;
    signal.addEventListener('abort', () => this.#stop.abort(signal.reason), { once: true });
  }

  /**
   * @param {AsyncGenerator<Item>} objects
   * @param {{ isSingle: boolean }} options
   */
  async run(objects, { isSingle }) {
    this.#progress = this.#reporter.progress({ unit: 'objects' });
    // Each worker takes the next object when it is done with one.
    const work = async () => {
      for await (const item of { [Symbol.asyncIterator]: () => sharing(objects) }) {
        if (this.#stop.signal.aborted) return;
        await this.#one(item);
      }
    };
    try {
      await Promise.all(Array.from({ length: this.#atOnce }, work));
    } finally {
      this.#progress.stop();
      await objects.return(undefined);
    }
    this.#stop.signal.throwIfAborted();
    if (!isSingle) await this.#summarise();
  }

  /** @param {Item} item */
  async #one({ place, address }) {
    try {
      const outcome = await this.#migrate(place, this.#stop.signal);
      const { status, from, to, plaintextLength } = outcome;
      this.#count(status);
      const value = { status, source: address, from, to, plaintextLength };
      const change = from === undefined ? '' : `: ${from} -> ${to}`;
      if (this.#reporter.json || TOLD.includes(status)) {
        await this.#reporter.result(value, `${WORDS[status]} ${address}${change}`);
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#fail(s3Failure(error, address), address);
    }
    this.#progress?.add(1, address);
  }

  /**
   * @param {unknown} error
   * @param {string} source
   */
  #fail(error, source) {
    this.#count('failed');
    this.exits.add(exitCodeOf(error));
    // What is wrong with all of them is told once, at the end.
    if (!concernsOneObject(error)) return this.#stop.abort(error);
    this.#reporter.failure(error, { source });
    if (this.#counts.get('failed') < MOST_FAILURES) return;
    const advice = 'correct the options or the permissions, and run the command again';
    this.#stop.abort(new Failure('FILE', `${MOST_FAILURES} objects have failed; ${advice}`));
  }

  /** @param {string} status */
  #count(status) {
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + 1);
  }

  async #summarise() {
    const counts = Object.fromEntries(this.#counts);
    const told = [...this.#counts].map(
      ([status, number]) =>
        `${number} ${WORDS[/** @type {Outcome['status']} */ (status)] ?? status}`,
    );
    const text = told.length === 0 ? 'no object is there' : told.join(', ');
    await this.#reporter.result({ status: 'summary', source: '', counts }, text);
  }
}

/**
 * Returns whether other objects may go right: also where the options do not fit this one.
 *
 * @param {unknown} error
 */
function concernsOneObject(error) {
  const { code } = /** @type {any} */ (error);
  return concernsOneFile(error) || code === 'ERR_ENVELOPE_INVALID_ARGUMENT';
}

/**
 * Returns an iterator over a generator that others go on with when its loop is left.
 *
 * @template T
 * @param {AsyncGenerator<T>} source
 * @returns {AsyncIterator<T>}
 */
function sharing(source) {
  return { next: () => source.next() };
}

module.exports = { Migration };
