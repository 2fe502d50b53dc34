'use strict';

const { parseArgs } = require('node:util');

const { usage } = require('./errors.js');
const { OPTIONS } = require('./options.js');

/**
 * The options of a command line.
 *
 * @typedef {{
 *   key?: string, 'to-key'?: string, context?: string[], 'commitment-policy'?: string,
 *   output?: string, recursive?: boolean, force?: boolean, verify?: boolean, bytes?: string, json?: boolean,
 *   quiet?: boolean, help?: boolean, store?: string, tenant?: string, purpose?: string, type?: string,
 *   'key-type'?: string, 'refresh-seconds'?: string, wait?: boolean, form?: string, yes?: boolean,
 *   'associated-data'?: string, database?: string, table?: string, column?: string, to?: string,
 *   'bound-to'?: string, 'without-row'?: boolean, 'tenant-column'?: string, deterministic?: boolean,
 *   encoding?: string, index?: string[], from?: string[], 'iv-length'?: string, batch?: string,
 *   state?: string, 'dry-run'?: boolean, 'branch-key'?: string, 'to-branch-key'?: string,
 *   'key-store'?: string, 'logical-name'?: string, 'multi-region'?: boolean, 'create-table'?: boolean,
 *   format?: string, 'legacy-wrapping'?: boolean, 'legacy-content'?: boolean, 'any-context'?: boolean,
 *   'instruction-file'?: boolean, suffix?: string, 'content-type'?: string, metadata?: string,
 *   concurrency?: string, cache?: boolean, 'public-key'?: string,
 * }} Values
 */

/**
 * Parses the arguments of a command; an option that it does not have is an error.
 *
 * @param {string} name
 * @param {Pick<import('../commands').Command, 'options'>} command
 * @param {string[]} args
 * @returns {{ values: Values, positionals: string[] }}
 */
function parse(name, command, args) {
  const options = Object.fromEntries(command.options.map((option) => [option, OPTIONS[option]]));
  let parsed;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    // Only the first sentence: what follows is advice for rarer cases.
    const [problem] = /** @type {Error} */ (error).message.split(/\. (?=[A-Z])|\n/);
    throw usage(`${problem}; see kms-envelope ${name} --help`);
  }
  refuseUnknownChoices(parsed.values);
  return parsed;
}

/**
 * Refuses a value that its option does not have.
 *
 * @param {Values} values
 */
function refuseUnknownChoices(values) {
  for (const [name, value] of Object.entries(values)) {
    const { choices } = /** @type {import('./options.js').Option} */ (
      OPTIONS[/** @type {import('./options.js').OptionName} */ (name)]
    );
    if (!choices || choices.includes(String(value))) continue;
    throw usage(`--${name} must be one of: ${choices.join(', ')}`);
  }
}

/**
 * Returns the key that `--key` or the environment names.
 *
 * @param {Values} values
 * @returns {string}
 */
function keyOf({ key = process.env.ENCRYPTION_KEY_ID }) {
  if (key) return key;
  throw usage('no key is named; give --key, or set the environment variable ENCRYPTION_KEY_ID');
}

/**
 * Returns the encryption context that `--context` gives, pair by pair.
 *
 * @param {Values} values
 * @returns {Record<string, string>}
 */
function contextOf({ context = [] }) {
  const pairs = new Map();
  for (const text of context) {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(at, 0));
    if (name === '') throw usage(`--context '${text}' is not NAME=VALUE`);
    if (pairs.has(name)) throw usage(`--context gives '${name}' twice`);
    pairs.set(name, text.slice(at + 1));
  }
  return Object.fromEntries(pairs);
}

/**
 * Returns the whole number that an option gives, or nothing if it is not given.
 *
 * @param {Values} values
 * @param {'batch' | 'bytes' | 'concurrency' | 'refresh-seconds'} name
 * @param {number} most
 */
function wholeNumberOf(values, name, most) {
  const text = values[name];
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw usage(`--${name} must be a whole number from 1 to ${most}`);
}

module.exports = { contextOf, keyOf, parse, wholeNumberOf };
