'use strict';

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');

const { BIN } = require('./cli');

/** Whether `script` of util-linux is here, which runs a command on a pseudo-terminal. */
function hasPseudoTerminal() {
  const script = spawnSync('script', ['--version'], { encoding: 'utf8' });
  return /util-linux/.test(script.stdout ?? '');
}

/** The command line as a line of shell. */
function commandLine(args, node = process.execPath) {
  return [node, BIN, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

/**
 * Runs a line of shell on a pseudo-terminal, in the folder of a test.
 *
 * @param {ReturnType<typeof import('./cli').workplace>} place
 * @param {string} line
 * @param {{ asked: RegExp, answer: string }} [dialogue] what is typed, once the terminal asks for it
 * @returns {Promise<{ code: number, shown: string }>} shown: all that the terminal showed
 */
async function onTerminal({ cwd, env }, line, dialogue) {
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd,
    env: { ...process.env, ...env, TERM: 'xterm' },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  let shown = '';
  let typed = false;
  child.stdout.setEncoding('utf8').on('data', (text) => {
    shown += text;
    if (typed || !dialogue?.asked.test(shown)) return;
    typed = true;
    child.stdin.end(`${dialogue.answer}\r`);
  });
  if (!dialogue) child.stdin.end();
  const [code, signal] = await once(child, 'close');
  assert.ok(code !== null, `ended by ${signal}: ${shown}`);
  return { code, shown };
}

module.exports = { commandLine, hasPseudoTerminal, onTerminal };
