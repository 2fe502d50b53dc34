'use strict';

const { execFile, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const prepare = require('./prepare');
const { runMain } = require('./run-main.js');

const { ROOT } = prepare;
const BUILD = path.join(ROOT, 'target', 'sanitize');
const SOURCES = path.join(ROOT, '__test__', 'sanitize');
const EXERCISE = path.join(SOURCES, 'exercise.js');
const BE_FAULTY = path.join(SOURCES, 'be-faulty.js');
const TIMEOUT_MS = 600_000;

const CHECKS = { valgrind, address };

/**
 * `node scripts/sanitize.js [valgrind] [address]`: calls every function of the addon under valgrind and
 * under AddressSanitizer. Each must first find the deliberate faults of a small module. The two run at the
 * same time, each in a process of its own.
 */
async function main(names) {
  if (process.platform !== 'linux') throw new Error('this needs Linux, with gcc and valgrind');
  const unknown = names.find((name) => !Object.hasOwn(CHECKS, name));
  if (unknown) throw new Error(`no check ${unknown}; there are: ${Object.keys(CHECKS).join(', ')}`);
  fs.mkdirSync(BUILD, { recursive: true });
  if (names.length === 1) return CHECKS[names[0]]();

  // Both checks need the package's own dependencies, which must not be installed twice at once.
  prepare.addon();
  const results = await Promise.all((names.length > 0 ? names : Object.keys(CHECKS)).map(passes));
  const failed = results.filter((ok) => !ok).length;
  console.log(`${results.length - failed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
}

/** Runs one check in a process of its own, and shows its output at its end; returns whether it passed. */
function passes(name) {
  const args = [__filename, name];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      console.log(`== ${name}\n${stdout}${stderr}`);
      resolve(!error);
    });
  });
}

/** Checks the addon that users get, with AWS-LC's assembly code, under valgrind; also for leaks. */
function valgrind() {
  const faults = {
    overrun: /Invalid write of size 1\n.*overrun/,
    overread: /Invalid read of size 1\n.*overread/,
    afterFree: /Invalid write of size 1\n.*after_free/,
    uninitialised: /uninitialised value\(s\)\n.*uninitialised/,
    leak: /definitely lost in .*\n.*malloc.*\n.*leak/,
  };
  const module = buildFaultyModule([]);
  const { status, output } = underValgrind([BE_FAULTY, module, ...Object.keys(faults)]);
  for (const [fault, report] of Object.entries(faults)) mustReport(status, output, fault, report);

  prepare.addon();
  mustPass(underValgrind(['--expose-gc', EXERCISE]));
}

function underValgrind(args) {
  const options = [
    '--quiet',
    '--error-exitcode=99',
    '--leak-check=full',
    '--show-leak-kinds=definite',
    '--errors-for-leak-kinds=definite',
    // V8 writes the code that it runs.
    '--smc-check=all-non-file',
    '--num-callers=30',
    `--suppressions=${path.join(SOURCES, 'valgrind.supp')}`,
  ];
  return run('valgrind', [...options, process.execPath, ...args]);
}

/** Checks an addon that is built with AddressSanitizer, overflow checks and debug assertions. */
function address() {
  const runtime = capture('cc', ['-print-file-name=libasan.so']);
  if (!path.isAbsolute(runtime)) throw new Error('cc has no libasan.so; install gcc');
  const env = { LD_PRELOAD: runtime, ASAN_OPTIONS: 'detect_leaks=0' };
  const underAsan = (args, more) => run(process.execPath, args, { ...env, ...more });

  const module = buildFaultyModule(['-fsanitize=address']);
  for (const [fault, report] of Object.entries({
    overrun: /heap-buffer-overflow.*\nWRITE of size 1.*\n.*overrun/,
    overread: /heap-buffer-overflow.*\nREAD of size 1.*\n.*overread/,
    afterFree: /heap-use-after-free.*\nWRITE of size 1.*\n.*after_free/,
  })) {
    const { status, output } = underAsan([BE_FAULTY, module, fault]);
    mustReport(status, output, fault, report);
  }

  const addon = instrumentedAddon();
  mustPass(underAsan(['--expose-gc', EXERCISE], { KMS_ENVELOPE_NATIVE_PATH: addon }));
}

/**
 * Builds the addon with AddressSanitizer in its Rust code and AWS-LC's C code; assembly code cannot have
 * it. Returns the addon's path.
 */
function instrumentedAddon() {
  prepare.nodeModules();
  const target = /^host: (.*)$/m.exec(capture('rustc', ['-vV']))[1];
  const options = ['--locked', '--lib', '--features', 'node', '--profile', 'sanitize'];
  const place = ['--target', target, '--target-dir', BUILD];
  // The sanitizers are unstable flags, which the stable compiler takes only so.
  const env = { RUSTC_BOOTSTRAP: '1', RUSTFLAGS: '-Zsanitizer=address' };
  mustPass(run('cargo', ['build', '--quiet', ...options, ...place], env));
  const library = path.join(BUILD, target, 'sanitize', 'libkms_envelope.so');
  if (!fs.readFileSync(library).includes('__asan_report_store1')) {
    throw new Error('the addon was built without AddressSanitizer');
  }
  const addon = path.join(BUILD, 'kms-envelope.node');
  fs.copyFileSync(library, addon);
  return addon;
}

/** Compiles the module with deliberate faults; returns its path. */
function buildFaultyModule(flags) {
  const module = path.join(BUILD, `faulty${flags.length}.node`);
  const options = ['-shared', '-fPIC', '-O1', '-g', ...flags, '-o', module];
  mustPass(run('cc', [...options, path.join(SOURCES, 'faulty.c')]));
  return module;
}

function mustReport(status, output, fault, report) {
  if (status !== 0 && report.test(output)) return console.log(`found: ${fault}`);
  console.error(output);
  throw new Error(`the fault "${fault}" was not found, so that finding none means nothing`);
}

function mustPass({ status, signal, output }) {
  if (output.trim() !== '') console.log(output.trim());
  if (status !== 0) throw new Error(`failed with ${signal ?? `status ${status}`}; see above`);
}

function capture(command, args) {
  const { output } = run(command, args);
  return output.trim();
}

function run(command, args, env = {}) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: TIMEOUT_MS,
  });
  if (error) throw error;
  return { status, signal, output: stdout + stderr };
}

runMain(main, process.argv.slice(2));
