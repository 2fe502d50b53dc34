'use strict';

const { pipeline } = require('node:stream/promises');

const { usage } = require('./errors.js');
const { openInput, refuseEndless } = require('./input.js');
const { writeNewFile } = require('./library.js');
const { standardOutput } = require('./output.js');

const PROGRESS_INTERVAL_MS = 100;

/**
 * From standard input, or a file, to standard output, or a file.
 *
 * @param {import('../commands').Invocation} invocation
 * @param {string} input
 * @param {import('./transfer.js').Operation} operation
 */
async function throughStreams({ values, reporter, signal }, input, operation) {
  const { output, force = false } = values;
  if (operation.binary && output === undefined && process.stdout.isTTY) {
    throw usage('a message is not for a terminal; give --output (- for the terminal all the same)');
  }
  const toFile = output !== undefined && output !== '-';
  if (!toFile) refuseEndless(input);
  const transform = operation.stream(signal, toFile);
  const source = openInput(input);
  // Where the output goes to the terminal, a bar would stand amid it.
  const isHidden = process.stdout.isTTY && !toFile;
  const stop = isHidden ? () => {} : watch(source, input, reporter);
  try {
    if (!toFile) return await pipeline(source, transform, standardOutput(), { signal });
    await writeNewFile(output, force, (sink) => pipeline(source, transform, sink, { signal }));
  } finally {
    stop();
    source.destroy();
  }
  const { past } = operation;
  const text = `${past} ${input === '-' ? 'standard input' : input} -> ${output}`;
  await reporter.result({ status: past, source: input, destination: output }, text);
}

/**
 * Shows how much of the source has been read.
 *
 * @param {import('node:stream').Readable & { bytesRead?: number }} source
 * @param {string} input
 * @param {import('../commands').Invocation['reporter']} reporter
 */
function watch(source, input, reporter) {
  const progress = reporter.progress({});
  let known = 0;
  const timer = setInterval(() => {
    const { bytesRead = 0 } = source;
    progress.add(bytesRead - known, input === '-' ? 'standard input' : input);
    known = bytesRead;
  }, PROGRESS_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    progress.stop();
  };
}

module.exports = { throughStreams };
