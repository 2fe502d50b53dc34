'use strict';

const readline = require('node:readline/promises');

const { Failure, usage } = require('./errors.js');
const { oneLine } = require('./output.js');

/**
 * Refuses to do what cannot be undone where nobody can be asked, and `--yes` is not given.
 *
 * @param {import('./arguments.js').Values} values
 */
function refuseUnasked({ yes }) {
  if (yes || process.stdin.isTTY) return;
  throw usage('this cannot be undone; give --yes, or run it on a terminal, where it asks');
}

/**
 * Asks for the name of what is to be destroyed, which nobody types by accident.
 *
 * @param {string} loss what will be lost
 * @param {{ name: string, called: string }} what the name, and how it is called
 * @param {AbortSignal} signal
 */
async function confirm(loss, { name, called }, signal) {
  const asked = readline.createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = `${loss} ${oneLine(name)} will be lost. Type its ${called} to go on: `;
    if ((await asked.question(question, { signal })) === name) return;
  } finally {
    asked.close();
  }
  throw new Failure('ABORTED', 'nothing was destroyed', { exit: 1 });
}

module.exports = { confirm, refuseUnasked };
