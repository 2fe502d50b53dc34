'use strict';

const { OPTIONS } = require('./options.js');

const WIDTH = 80;
const COLUMN = 21;

const EXIT_CODES = `Exit codes:
  0    all went well
  1    another failure
  2    the command line is wrong; nothing was done
  3    a message does not verify: changed, cut off, none, or another context
  4    the key: KMS or the key file refuses, or the message is under another key
  5    a file: not there, there already, unreadable, no room; or a closed pipe
  130  interrupted by Ctrl-C; nothing half-written is left behind
`;

/**
 * @param {Record<string, () => import('../commands').Command | import('../commands').Group>} commands
 */
function globalHelp(commands) {
  const list = Object.entries(commands).map(([name, load]) => row(name, load().summary, COLUMN));
  return `Usage: kms-envelope COMMAND [OPTION...] [FILE...]

Envelope encryption under an AWS KMS key, or a local key file, in the message
format of the AWS Encryption SDK.

Commands:
${list.join('')}
Options:
${row('-h, --help', 'print this help; after a command, that of the command', COLUMN).trimEnd()}
${row('--version', 'print the version', COLUMN)}
${EXIT_CODES}
Every command in full, with examples: docs/command-line.md of kms-envelope.
`;
}

/**
 * @param {string} name
 * @param {import('../commands').Command} command
 */
function commandHelp(name, { summary, usage, details, options }) {
  const list = options.map((option) => {
    const { short, value, help } = /** @type {import('./options.js').Option} */ (OPTIONS[option]);
    const names = `${short ? `-${short}, ` : '    '}--${option}${value ? ` ${value}` : ''}`;
    return row(names, help, 28);
  });
  return `Usage: kms-envelope ${name} ${usage}

${summary}.

${details}
Options:
${list.join('')}
${EXIT_CODES}`;
}

/**
 * @param {string} name
 * @param {import('../commands').Group} group
 */
function groupHelp(name, { summary, details, commands }) {
  const list = Object.entries(commands).map(([subcommand, load]) =>
    row(subcommand, load().summary, COLUMN),
  );
  return `Usage: kms-envelope ${name} COMMAND [OPTION...]

${summary}.

${details}
Commands:
${list.join('')}
Options:
${row('-h, --help', 'print this help; after a command, that of the command', 28)}
${EXIT_CODES}`;
}

/**
 * Returns a name, and beside it a text, wrapped.
 *
 * @param {string} name
 * @param {string} text
 * @param {number} column where the text starts
 */
function row(name, text, column) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (column + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  const [first = '', ...others] = lines;
  const margin = ' '.repeat(column);
  const start = `  ${name}`.padEnd(column);
  const isLong = !start.endsWith('  ');
  const head = isLong ? `${start}\n${margin}${first}` : start + first;
  return `${[head, ...others.map((line) => margin + line)].join('\n')}\n`;
}

module.exports = { commandHelp, globalHelp, groupHelp };
