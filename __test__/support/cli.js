'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { beforeEach } = require('node:test');

const { LocalKeyring } = require('../..');
const { temporaryFolder } = require('./files');

const BIN = path.join(__dirname, '..', '..', 'bin', 'kms-envelope.js');

/**
 * Starts the command line, in an environment that has no key and nothing of AWS but what is given.
 *
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, node?: string }} [options]
 */
function start(args, { cwd, env = {}, node = process.execPath } = {}) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(AWS|BRANCH|ENCRYPTION|FIELDS|DATABASE|PG)/.test(name),
  );
  const child = spawn(node, [BIN, ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), HOME: cwd, ...env },
    // What hangs is killed, and fails.
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => {});
  return child;
}

/**
 * Runs the command line to its end.
 *
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, input?: Uint8Array | string }} [options]
 * @returns {Promise<{ code: number, stdout: Buffer, stderr: string }>}
 */
async function run(args, { input, ...options } = {}) {
  const child = start(args, options);
  child.stdin.end(input);
  return finish(child);
}

/** Puts the command `kms-envelope` into a folder, and returns a PATH that finds it there. */
function pathWithCommand(folder) {
  const script = `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`;
  fs.writeFileSync(path.join(folder, 'kms-envelope'), script, { mode: 0o755 });
  return `${folder}${path.delimiter}${process.env.PATH}`;
}

/** What a process printed, and how it ended. */
async function finish(child) {
  const stdout = [];
  const stderr = [];
  child.stdout.on('data', (chunk) => stdout.push(chunk));
  child.stderr.on('data', (chunk) => stderr.push(chunk));
  const [code, signal] = await once(child, 'close');
  assert.ok(code !== null, `ended by ${signal}`);
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
}

/**
 * A folder of its own for each test of a file, under one local key.
 */
function workplace() {
  const root = temporaryFolder();
  const keyFile = path.join(root, 'dev.key');
  LocalKeyring.generate(keyFile);
  const keyId = `local:${keyFile}`;
  const place = {
    /** The folder of the test that runs. */
    cwd: '',
    root,
    keyId,
    env: { ENCRYPTION_KEY_ID: keyId },
    at: (...names) => path.join(place.cwd, ...names),
    cli: (...args) => run(args, { cwd: place.cwd, env: place.env }),
    start: (...args) => start(args, { cwd: place.cwd, env: place.env }),
    read: (name) => fs.readFileSync(place.at(name)),
    write(name, content) {
      fs.mkdirSync(path.dirname(place.at(name)), { recursive: true });
      fs.writeFileSync(place.at(name), content);
    },
  };
  beforeEach(() => {
    place.cwd = fs.mkdtempSync(path.join(root, 'test-'));
  });
  return place;
}

/** The objects of an output with one in each line. */
function jsonLines(output) {
  const lines = String(output).split('\n');
  assert.equal(lines.pop(), '', 'the last line ends');
  return lines.map((line) => JSON.parse(line));
}

/** Asserts that a run failed as it should, telling why in one line and nothing else. */
function assertFailed({ code, stderr }, exitCode, errorCode) {
  assert.equal(code, exitCode, stderr);
  assert.match(stderr, new RegExp(`^kms-envelope: ERR_ENVELOPE_${errorCode}: .{20,}\n$`));
  assert.doesNotMatch(stderr, /\bat .*:\d+:\d+/, 'no stack trace');
}

module.exports = {
  BIN,
  assertFailed,
  finish,
  jsonLines,
  pathWithCommand,
  run,
  start,
  workplace,
};
