'use strict';

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');

const { underKey } = require('../support/places');
const { temporaryFolder } = require('../support/files');
const { requireOrSkip } = require('../support/requirements');

const JOB = path.join(__dirname, '..', 'support', 'ending-job.js');
const WITHOUT = path.join(__dirname, '..', 'support', 'without.py');
const LINUX = process.platform === 'linux';
const WINDOWS = process.platform === 'win32';
const LENGTH = 256 * 1024 * 1024;
const OLD = 'what was there before';

const folder = temporaryFolder();
const sources = {
  encryptFile: path.join(folder, 'plaintext'),
  decryptFile: path.join(folder, 'message'),
  reEncryptFile: path.join(folder, 'message'),
};

/** How a process ends midway, and as what its parent sees that. */
const ENDINGS = {
  exit: [7, null],
  throw: [1, null],
  abort: [0, null],
  terminate: [0, null],
  SIGTERM: [null, 'SIGTERM'],
  SIGINT: [null, 'SIGINT'],
  SIGHUP: [null, 'SIGHUP'],
  SIGQUIT: [null, 'SIGQUIT'],
  handled: [7, null],
};

/** Where there are files without a name, and where the kernel says that there are none. */
const SYSTEMS = {
  'as this system is': [],
  'without unnamed files': ['python3', WITHOUT, 'unnamed-files'],
};

before(async () => {
  fs.writeFileSync(sources.encryptFile, '');
  fs.truncateSync(sources.encryptFile, LENGTH);
  // The key of ending-job.js.
  const envelope = underKey({ wrappingKey: Buffer.alloc(32, 1) });
  await envelope.encryptFile(sources.encryptFile, sources.decryptFile);
});

for (const [system, wrapper] of Object.entries(SYSTEMS)) {
  describe(`a process that ends midway, ${system}, leaves nothing behind`, () => {
    for (const operation of ['decryptFile', 'encryptFile', 'reEncryptFile']) {
      for (const [ending, [code, signal]] of Object.entries(ENDINGS)) {
        const ofWindows = WINDOWS && /SIG|handled/.test(ending) && 'POSIX signals';
        it(`in ${operation}, by ${ending}`, { skip: ofWindows }, async (t) => {
          if (!canRun(t, wrapper)) return;
          const place = newPlace();
          const ended = await end(wrapper, operation, ending, place);
          const isNamed = ended.midway.some((name) => name.endsWith('.tmp'));
          assert.equal(isNamed, !LINUX || wrapper.length > 0, 'has a name while it runs');
          assert.deepEqual([ended.code, ended.signal], [code, signal], ended.stderr);
          assert.deepEqual(fs.readdirSync(path.dirname(place)), []);
        });
      }
    }
  });
}

describe('a file', { skip: !LINUX && 'Linux' }, () => {
  for (const kind of ['unnamed-files', 'links']) {
    for (const old of [undefined, OLD]) {
      const what = old ? 'replaces one' : 'is new';
      it(`that ${what} is complete and has no other beside it on a system without ${kind}`, async (t) => {
        const wrapper = ['python3', WITHOUT, kind];
        if (!canRun(t, wrapper)) return;
        const place = newPlace(old);
        const child = start(wrapper, 'decryptFile', place);
        const [code] = await once(child, 'close');
        assert.equal(code, 0);
        assert.equal(fs.statSync(place).size, LENGTH);
        assert.equal(fs.statSync(place).mode & 0o777, 0o600);
        assert.deepEqual(fs.readdirSync(path.dirname(place)), ['out']);
      });
    }
  }

  it('that appears meanwhile is not replaced on a system without links', async (t) => {
    const wrapper = ['python3', WITHOUT, 'links'];
    if (!canRun(t, wrapper)) return;
    const place = newPlace();
    const child = start(wrapper, 'decryptFile', place);
    const errors = text(child.stderr);
    await once(child.stdout, 'data');
    fs.writeFileSync(place, OLD);
    await once(child, 'close');
    assert.equal(errors(), 'ERR_ENVELOPE_FILE_EXISTS\n');
    assert.equal(fs.readFileSync(place, 'utf8'), OLD);
    assert.deepEqual(fs.readdirSync(path.dirname(place)), ['out']);
  });
});

/** Ends a process midway: by itself, or by a signal from here. */
async function end(wrapper, operation, ending, place) {
  const child = start(wrapper, operation, place, ending);
  const errors = text(child.stderr);
  const closed = once(child, 'close');
  const [names] = await Promise.race([once(child.stdout, 'data'), closed.then(() => ['null'])]);
  const sent = ending === 'handled' ? 'SIGTERM' : ending;
  if (sent.startsWith('SIG')) child.kill(sent);
  const [code, signal] = await closed;
  return { midway: JSON.parse(names) ?? assert.fail(errors()), code, signal, stderr: errors() };
}

function start(wrapper, operation, place, ...ending) {
  const job = [process.execPath, JOB, operation, sources[operation], place, ...ending];
  const [command, ...args] = [...wrapper, ...job];
  return spawn(command, args, { timeout: 60_000, killSignal: 'SIGKILL' });
}

function text(stream) {
  let all = '';
  stream.on('data', (chunk) => (all += chunk));
  return () => all;
}

function newPlace(old) {
  const place = path.join(fs.mkdtempSync(path.join(folder, 'place-')), 'out');
  if (old) fs.writeFileSync(place, old);
  return place;
}

/** @type {Map<string[], boolean>} whether each wrapper that was tried runs a process */
const tried = new Map();

/** Whether processes can run in the wrapper: Linux, with Python, on a processor that it knows. */
function canRun(t, wrapper) {
  if (wrapper.length === 0) return true;
  if (!LINUX) return t.skip('Linux');
  const [command, ...args] = [...wrapper, 'true'];
  const runs = tried.get(wrapper) ?? spawnSync(command, args).status === 0;
  tried.set(wrapper, runs);
  return requireOrSkip(t, runs, 'Python 3 on Linux, x86-64 or arm64, and seccomp');
}
