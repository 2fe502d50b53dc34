'use strict';

const { usage } = require('./errors.js');
const { runJobs } = require('./jobs.js');
const { plan } = require('./plan.js');
const { throughStreams } = require('./streams.js');

/**
 * What encrypt, decrypt and re-encrypt do to a file or a stream.
 *
 * @typedef {{
 *   past: string,
 *   compared: string[],
 *   binary: boolean,
 *   destinationOf(source: string): string,
 *   takes(name: string, elsewhere: boolean): boolean,
 *   counterpartOf(name: string): string,
 *   convert(source: string, destination: string, options: ConvertOptions): Promise<object>,
 *   stream(signal: AbortSignal, toFile: boolean): import('node:stream').Transform,
 *   problemWith(job: import('./plan.js').Job, signal: AbortSignal): Promise<string | undefined>,
 *   failsAlike?(error: unknown): boolean,
 * }} Operation
 *
 * - `past`: as in "encrypted"
 * - `compared`: what of an existing destination is compared without `--verify`
 * - `binary`: whether the output is a message, which no terminal shows
 * - `destinationOf`: where the output goes if `--output` does not say
 * - `takes`: whether a file in a folder is one to work on; `elsewhere` if the output goes elsewhere
 * - `stream`: `toFile` if nobody sees the output before its end
 * - `counterpartOf`: the file that explains why another one in the folder is not
 * - `problemWith`: why an existing destination is not what would be written, if it is not
 * - `failsAlike`: whether all other files fail with this error, too, where that depends on the command
 *
 * @typedef {import('../..').FileOptions} ConvertOptions
 */

/**
 * Takes the inputs of a command, files, folders or standard input, to where they are to go.
 *
 * @param {import('../commands').Invocation} invocation
 * @param {Operation} operation
 * @returns {Promise<number>} the exit code
 */
async function transfer(invocation, operation) {
  const { values, positionals } = invocation;
  const { output } = values;
  if (output === '') throw usage('--output must not be empty');
  const [input = standardInput(values)] = positionals;
  if ([input, ...positionals, output].includes('-')) {
    if (positionals.length > 1) throw usage('standard input and output take one file at a time');
    await throughStreams(invocation, input, operation);
    return 0;
  }
  return runJobs(invocation, await plan(invocation, operation), operation);
}

/**
 * Without a file, a command at the end of a pipe reads that; on a terminal it would wait.
 *
 * @param {import('./arguments.js').Values} values
 */
function standardInput({ recursive }) {
  if (recursive) throw usage('--recursive needs a folder');
  if (process.stdin.isTTY) throw usage('no file is given; give one, or - for standard input');
  return '-';
}

module.exports = { transfer };
