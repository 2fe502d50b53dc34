'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { stripVTControlCharacters } = require('node:util');

/** If more files fail, none runs again: a busy machine does not explain so many. */
const MAX_FILES_TO_REPEAT = 2;

/**
 * `node scripts/node-tests.js [OPTION...] FILE...`: runs test files with Node.js's own runner, and its
 * options. A file that failed runs once more, with nothing beside it: what depends on how busy the
 * machine is passes then, and is named at the end; a fault fails again.
 *
 * @param {string[]} args
 */
async function main(args) {
  const files = args.filter((arg) => !arg.startsWith('--'));
  const options = args.filter((arg) => arg.startsWith('--'));
  const first = await run(options, files);
  const again = files.filter((file) => first.failedFiles.has(path.resolve(file)));
  if (first.ok || again.length === 0 || again.length > MAX_FILES_TO_REPEAT) return end(first);

  console.log(`\n== again, alone: ${again.join(', ')}`);
  const second = await run([...options, '--test-concurrency=1'], again);
  if (!second.ok) return end(first);
  console.log(`\n${first.failed} failed at first, and passed when run alone: ${again.join(', ')}`);
  return end({ ...first, ok: true, passed: first.passed + first.failed, failed: 0 });
}

/**
 * Runs the files; their report is shown as it comes.
 *
 * @param {string[]} options
 * @param {string[]} files
 */
async function run(options, files) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-tests-'));
  const list = path.join(folder, 'failed');
  const reporters = [
    ['spec', 'stdout'],
    [path.join(__dirname, 'failed-files.js'), list],
  ].flatMap(([reporter, to]) => [
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${to}`,
  ]);
  try {
    const child = spawn(process.execPath, ['--test', ...reporters, ...options, ...files], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      process.stdout.write(text);
    });
    const [code] = await once(child, 'close');
    const failedFiles = new Set(fs.readFileSync(list, 'utf8').split('\n'));
    return { ok: code === 0, failedFiles, ...count(output) };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Returns the counts in the report of Node.js's runner; a cancelled test counts as failed.
 *
 * @param {string} output
 */
function count(output) {
  const lines = stripVTControlCharacters(output).match(
    /^ℹ (pass|fail|cancelled|skipped|todo) \d+$/gm,
  );
  const sum = (/** @type {RegExp} */ name) =>
    (lines ?? [])
      .filter((line) => name.test(line))
      .reduce((n, line) => n + Number(line.match(/\d+$/)), 0);
  return { passed: sum(/pass/), failed: sum(/fail|cancelled/), skipped: sum(/skipped|todo/) };
}

/** Prints the counts in the line that scripts/test.js reads, and sets the exit code. */
function end({ ok, passed, failed, skipped }) {
  console.log(`\nnode --test: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (!ok) process.exitCode = 1;
}

main(process.argv.slice(2));
