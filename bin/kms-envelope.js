#!/usr/bin/env node
'use strict';

const { COMMANDS, find } = require('./commands');
const { parse } = require('./support/arguments.js');
const { exitCodeOf, usage } = require('./support/errors.js');
const { commandHelp, globalHelp, groupHelp } = require('./support/help.js');
const { watchSignals } = require('./support/interrupt.js');
const { write } = require('./support/output.js');
const { Reporter } = require('./support/reporter.js');

/**
 * Runs one command line.
 *
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function main(args) {
  const reporter = new Reporter({ json: wantsJson(args) });
  const { signal, stop } = watchSignals();
  try {
    return await dispatch(args, reporter, signal);
  } catch (error) {
    const reason = signal.aborted ? signal.reason : error;
    reporter.failure(reason);
    const code = exitCodeOf(reason);
    // What the reader of standard output has not taken yet must not keep us.
    if (signal.aborted) process.exit(code);
    return code;
  } finally {
    stop();
  }
}

/**
 * @param {string[]} args
 * @param {InstanceType<typeof Reporter>} reporter
 * @param {AbortSignal} signal
 */
async function dispatch(args, reporter, signal) {
  const [first] = args;
  if (first === '--help' || first === '-h') return print(globalHelp(COMMANDS));
  if (first === '--version') return print(`${require('../package.json').version}\n`);
  if (first === undefined) throw usage('no command is given; see kms-envelope --help');
  const { name, chosen, rest } = find(args);
  if ('commands' in chosen) {
    parse(name, { options: ['help'] }, rest);
    return print(groupHelp(name, chosen));
  }
  const { values, positionals } = parse(name, chosen, rest);
  if (values.help) return print(commandHelp(name, chosen));
  reporter.quiet = values.quiet === true;
  return (await chosen.run({ values, positionals, reporter, signal })) ?? 0;
}

/** @param {string} text */
async function print(text) {
  await write(text);
  return 0;
}

/**
 * Known before the arguments are parsed, as their errors are told in JSON, too.
 *
 * @param {string[]} args
 */
function wantsJson(args) {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? undefined : end).includes('--json');
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
