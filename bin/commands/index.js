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

/**
 * A command that has commands of its own.
 *
 * @typedef {{
 *   summary: string,
 *   details: string,
 *   commands: Record<string, () => Command>,
 * }} Group
 */

/** @type {Record<string, () => Command | Group>} each is loaded when it is needed */
const COMMANDS = {
  encrypt: () => require('./encrypt.js'),
  decrypt: () => require('./decrypt.js'),
  inspect: () => require('./inspect.js'),
  're-encrypt': () => require('./re-encrypt.js'),
  'generate-data-key': () => require('./generate-data-key.js'),
  keygen: () => require('./keygen.js'),
  'branch-key': () => require('./branch-key/index.js'),
  fields: () => require('./fields/index.js'),
  s3: () => require('./s3/index.js'),
  doctor: () => require('./doctor.js'),
};

/**
 * Finds the command, or the group of commands, that the first arguments name.
 *
 * @param {string[]} args
 * @returns {{ name: string, chosen: Command | Group, rest: string[] }}
 */
function find([first = '', ...rest]) {
  const chosen = load(COMMANDS, first, '');
  const [second = ''] = rest;
  if (!('commands' in chosen) || second.startsWith('-')) return { name: first, chosen, rest };
  if (second === '') throw usage(`no command is given; see kms-envelope ${first} --help`);
  const command = load(chosen.commands, second, `${first} `);
  return { name: `${first} ${second}`, chosen: command, rest: rest.slice(1) };
}

/**
 * The names of all commands, those of groups with the name of the group before.
 *
 * @returns {string[]}
 */
function commandNames() {
  return Object.entries(COMMANDS).flatMap(([name, load]) => {
    const chosen = load();
    if (!('commands' in chosen)) return [name];
    return Object.keys(chosen.commands).map((subcommand) => `${name} ${subcommand}`);
  });
}

/**
 * @template T
 * @param {Record<string, () => T>} commands
 * @param {string} name
 * @param {string} group
 * @returns {T}
 */
function load(commands, name, group) {
  const loader = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (loader) return loader();
  const known = Object.keys(commands).join(', ');
  throw usage(`there is no command '${group}${name}', only: ${known}`);
}

module.exports = { COMMANDS, commandNames, find };
