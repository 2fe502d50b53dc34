'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { promisify } = require('node:util');

const { LocalKeyring } = require('../..');
const { BIN } = require('../support/cli');
const { temporaryFolder } = require('../support/files');
const { SURROUNDINGS, skipWithout } = require('../support/requirements');

const folder = temporaryFolder();
const KEY = path.join(folder, 'dev.key');
LocalKeyring.generate(KEY);

/** Puts timers that never run in the place of these, and keeps the real ones where sinon's clock does. */
const FAKES = `
  const timers = require('node:timers');
  const clock = {};
  for (const name of NAMES) {
    clock['_' + name] = globalThis[name];
    globalThis[name] = timers[name] = Object.assign(() => {}, { clock });
  }`;
/** All calls of a program; without streams where nextTick stands still, as Node.js's own do then. */
const PROGRAM = `
  const { exercise } = require(${JSON.stringify(path.join(SURROUNDINGS, 'programs', 'exercise.cjs'))});
  exercise(library, { streams: process.nextTick.clock === undefined }).then((outcome) => {
    console.log(outcome);
    // A clock that advances keeps its process alive.
    process.exit();
  });`;
/** A source that never answers. */
const DEADLINE = `
  const keyring = new library.LocalKeyring(${JSON.stringify(KEY)});
  const source = { size: 1000, read: () => new Promise(() => {}), timeoutMs: 20 };
  new library.Envelope({ keyring }).decryptRange(source).catch(({ code }) => console.log(code));`;
const LATE = 'ERR_ENVELOPE_SOURCE_TIMEOUT\n';
const LOAD = `const library = require(${JSON.stringify(path.join(__dirname, '..', '..'))});`;

describe('fake timers that were installed before the package is loaded', () => {
  const all = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'];
  for (const names of [...all.map((name) => [name]), all]) {
    const fakes = FAKES.replace('NAMES', JSON.stringify(names));
    it(`do not stop it: ${names.join(', ')}`, async () => {
      assert.equal(await run(['-e', fakes + LOAD + PROGRAM]), 'works\n');
    });
  }

  it('do not stop the deadline of a source', async () => {
    const fakes = FAKES.replace('NAMES', JSON.stringify(all));
    assert.equal(await run(['-e', fakes + LOAD + DEADLINE]), LATE);
  });

  it('do not stop doctor', async () => {
    const told = await doctor(FAKES.replace('NAMES', JSON.stringify(all)));
    assert.match(told, /^ok +decrypt +works$/m);
  });
});

describe('the fake timers of sinon', { skip: skipWithout('surroundings') }, () => {
  const sinon = JSON.stringify(path.join(SURROUNDINGS, 'node_modules', 'sinon'));
  const CLOCKS = {
    'all of them': 'useFakeTimers()',
    'at a time': 'useFakeTimers(new Date("2030-01-01"))',
    'setImmediate alone': 'useFakeTimers({ toFake: ["setImmediate"] })',
    'setTimeout and setInterval': 'useFakeTimers({ toFake: ["setTimeout", "setInterval"] })',
    'clocks alone': 'useFakeTimers({ toFake: ["Date", "hrtime", "performance"] })',
    'all but nextTick': 'useFakeTimers({ toNotFake: ["nextTick"] })',
    'all but nextTick and microtasks':
      'useFakeTimers({ toNotFake: ["nextTick", "queueMicrotask"] })',
    'those that advance': 'useFakeTimers({ shouldAdvanceTime: true, toNotFake: ["nextTick"] })',
    'those that clear real ones': 'useFakeTimers({ shouldClearNativeTimers: true })',
    'those of a sandbox': 'createSandbox({ useFakeTimers: true })',
  };
  for (const [what, install] of Object.entries(CLOCKS)) {
    const fake = `require(${sinon}).${install};`;
    it(`do not stop it, loaded before or after: ${what}`, async () => {
      const programs = [fake + LOAD + PROGRAM, LOAD + fake + PROGRAM];
      const outputs = await Promise.all(programs.map((program) => run(['-e', program])));
      assert.deepEqual(outputs, ['works\n', 'works\n']);
    });
  }

  it('do not stop the deadline of a source', async () => {
    const fake = `require(${sinon}).${CLOCKS['all of them']};`;
    for (const program of [fake + LOAD + DEADLINE, LOAD + fake + DEADLINE]) {
      assert.equal(await run(['-e', program]), LATE);
    }
  });

  it('do not stop doctor', async () => {
    const told = await doctor(`require(${sinon}).${CLOCKS['all but nextTick']}`);
    assert.match(told, /^ok +decrypt +works$/m);
  });
});

/** What doctor prints after a program that is loaded before it. */
function doctor(prelude) {
  const file = path.join(folder, 'prelude.cjs');
  fs.writeFileSync(file, prelude);
  return run(['-r', file, BIN, 'doctor', '--key', `local:${KEY}`]);
}

async function run(args) {
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  return stdout;
}
