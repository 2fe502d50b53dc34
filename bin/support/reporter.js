'use strict';

const path = require('node:path');

const { concernsOneFile, describe, isBrokenPipe } = require('./errors.js');
const { jsonLine, oneLine, write } = require('./output.js');
const { Progress } = require('./progress.js');

/**
 * Tells people what happens, on standard error; or programs, with `--json`: results on standard
 * output, failures on standard error, one object a line.
 */
class Reporter {
  /** @type {InstanceType<typeof Progress> | undefined} */
  #progress;

  /** @param {{ json: boolean }} options */
  constructor({ json }) {
    this.json = json;
    this.quiet = false;
  }

  /**
   * What became of a file.
   *
   * @param {{ status: string, source: string, [field: string]: unknown }} value
   * @param {string} text the same in words
   */
  async result(value, text) {
    if (this.quiet) return;
    if (this.json) await write(jsonLine(value));
    else this.#line(text);
  }

  /**
   * @param {unknown} error
   * @param {{ source?: string, destination?: string }} [place]
   */
  failure(error, place = {}) {
    if (isBrokenPipe(error)) return;
    const description = describe(error);
    const { code, message } = description;
    if (this.json) return this.#line(JSON.stringify({ error: { ...description, ...place } }));
    const file = concernsOneFile(error) ? missingName(message, place.source) : '';
    this.#line(`kms-envelope: ${code}: ${file}${message}`);
  }

  /**
   * A bar for long work, if somebody looks at it.
   *
   * @param {{ total?: number, unit?: 'bytes' | 'rows' | 'objects' }} options total: how much there is, if that is
   *   known
   * @returns {InstanceType<typeof Progress>}
   */
  progress({ total, unit }) {
    const shown = process.stderr.isTTY === true && !this.quiet && !this.json;
    this.#progress = new Progress({ shown, total, unit });
    return this.#progress;
  }

  /** @param {string} text */
  #line(text) {
    const line = oneLine(text);
    if (!this.#progress?.log(line)) process.stderr.write(`${line}\n`);
  }
}

/**
 * Returns what tells which file is meant, unless the message does.
 *
 * @param {string} message
 * @param {string} [source]
 */
function missingName(message, source) {
  if (source === undefined || source === '-') return '';
  const named = [source, path.resolve(source)].some((name) => message.includes(`'${name}'`));
  return named ? '' : `'${source}': `;
}

module.exports = { Reporter };
