'use strict';

const { usage } = require('../support/errors.js');

/** @typedef {import('../support/options.js').OptionName} OptionName */
/** @typedef {import('../support/arguments.js').Values} Values */

/**
 * What a command is given.
 *
 * @typedef {{
 *   values: Values,
 *   positionals: string[],
 *   reporter: InstanceType<typeof import('../support/reporter.js').Reporter>,
 *   signal: AbortSignal,
 * }} Invocation
 */

/**
 * A command; `run` resolves with the exit code, by default 0.
 *
 * @typedef {{
 *   summary: string,
 *   usage: string,
 *   details: string,
 *   options: readonly OptionName[],
 *   run(invocation: Invocation): Promise<number | void>,
 * }} Command
 */

/** @type {Record<string, () => Command>} each is loaded when it is needed */
const COMMANDS = {
  encrypt: () => require('./encrypt.js'),
  decrypt: () => require('./decrypt.js'),
  inspect: () => require('./inspect.js'),
  're-encrypt': () => require('./re-encrypt.js'),
  'generate-data-key': () => require('./generate-data-key.js'),
  keygen: () => require('./keygen.js'),
  doctor: () => require('./doctor.js'),
};

/**
 * @param {string} name
 * @returns {Command}
 */
function command(name) {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load) return load();
  const known = Object.keys(COMMANDS).join(', ');
  throw usage(`there is no command '${name}', only: ${known}`);
}

module.exports = { COMMANDS, command };
