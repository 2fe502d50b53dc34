'use strict';

const { commonExitCode, exitCodeOf, usage } = require('../support/errors.js');
const { readHeader } = require('../support/header.js');
const { jsonLine, oneLine, write } = require('../support/output.js');

/** @typedef {import('../..').MessageHeader} MessageHeader */

/** @param {import('.').Invocation} invocation */
async function run({ values, positionals, reporter, signal }) {
  if (positionals.length === 0 && process.stdin.isTTY) {
    throw usage('no file is given; give one, or - for standard input');
  }
  const exits = new Set();
  for (const source of positionals.length > 0 ? positionals : ['-']) {
    let header;
    try {
      header = await readHeader(source, signal);
    } catch (error) {
      signal.throwIfAborted();
      reporter.failure(error, { source });
      exits.add(exitCodeOf(error));
      continue;
    }
    await write(values.json ? jsonLine(fields(source, header)) : text(source, header));
  }
  return commonExitCode(exits);
}

/**
 * @param {string} source
 * @param {MessageHeader} header
 */
function fields(source, header) {
  const { messageId, encryptedDataKeys, ...rest } = header;
  return {
    source,
    authenticated: false,
    ...rest,
    messageId: messageId.toString('hex'),
    encryptedDataKeys: encryptedDataKeys.map(({ keyProviderInfo, ciphertext, ...key }) => ({
      ...key,
      keyProviderInfo: keyProviderInfo.toString('base64'),
      ciphertext: ciphertext.toString('base64'),
    })),
  };
}

/**
 * @param {string} source
 * @param {MessageHeader} header
 */
function text(source, header) {
  const { version, algorithmSuite: suite, messageId, contentType, frameLength } = header;
  const framed = contentType === 'framed' ? `frames of ${frameLength} bytes` : 'one piece';
  const rows = [
    ['format', `${version}.0, ${framed}, a header of ${header.headerLength} bytes`],
    ['suite', `0x${suite.id.toString(16).padStart(4, '0')} ${suite.name}`],
    ['message id', messageId.toString('hex')],
    ...Object.entries(header.encryptionContext).map(([name, value]) => [
      'context',
      `${name} = ${value}`,
    ]),
    ...header.encryptedDataKeys.map(({ keyProviderId, keyName, ciphertext }) => [
      'data key',
      `${ciphertext.length} bytes, wrapped by ${keyProviderId}, key ${keyName}`,
    ]),
  ];
  const lines = rows.map(([name = '', value = '']) => `  ${name.padEnd(12)}${oneLine(value)}\n`);
  return `${oneLine(source)}, not authenticated:\n${lines.join('')}`;
}

module.exports = {
  summary: 'Show the header of messages, without a key',
  usage: '[OPTION...] [FILE...]',
  details: `It tells the format, the suite, the encryption context, and the keys that can
decrypt. Without a file, or with -, standard input is read. Nothing of what it
shows is authenticated: use it to look, not to decide.
`,
  options: /** @type {const} */ (['json', 'help']),
  run,
};
