'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const readline = require('node:readline');

const STDERR_KEPT = 4000;

/**
 * A helper process that answers in lines of JSON. It ends with its standard input, so also when
 * this process dies, and it keeps this process alive only while an answer is awaited.
 *
 * @param {string} command
 * @param {string[]} args
 * @returns {{ read(): Promise<any>, write(value: object): void, stop(): Promise<void> }}
 */
function startChild(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'close').catch((error) => error);
  const waiting = [];
  const lines = [];
  let ended = false;
  let stopping = false;
  let stderr = '';

  readline.createInterface({ input: child.stdout }).on('line', (line) => {
    // Anything else is a warning that some library printed.
    if (line.startsWith('{')) lines.push(JSON.parse(line));
    settle();
  });
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-STDERR_KEPT);
  });
  // A write to a process that has gone shows as its exit, with a better message.
  child.stdin.on('error', () => {});
  exited.then((result) => {
    ended = true;
    if (result instanceof Error) stderr += result.message;
    settle();
  });
  hold(false);

  function settle() {
    while (waiting.length > 0 && (lines.length > 0 || ended)) {
      const { resolve, reject } = waiting.shift();
      if (lines.length > 0) resolve(lines.shift());
      else reject(new Error(`${command} ${args.join(' ')} has ended: ${stderr}`));
    }
    hold(waiting.length > 0 || stopping);
  }

  function hold(on) {
    for (const handle of [child, child.stdin, child.stdout, child.stderr]) {
      if (on) handle.ref();
      else handle.unref();
    }
  }

  return {
    read() {
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        settle();
      });
    },
    write(value) {
      child.stdin.write(`${JSON.stringify(value)}\n`);
    },
    async stop() {
      stopping = true;
      hold(true);
      child.stdin.end();
      await exited;
    },
  };
}

module.exports = { startChild };
