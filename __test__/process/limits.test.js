'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { promisify } = require('node:util');
const { temporaryFolder } = require('../support/files');

const ROOT = path.join(__dirname, '..', '..');
const LINUX = process.platform === 'linux';
/** Nobody else runs as this user, so that its limit of threads is that of one process. */
const USER = 54_321;

/** A copy that another user can read, too. */
const folder = temporaryFolder();
fs.chmodSync(folder, 0o777);
for (const name of ['index.js', 'package.json', 'lib']) {
  fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
}
const addon = path.join(folder, 'addon.node');
fs.copyFileSync(process.env.KMS_ENVELOPE_NATIVE_PATH ?? builtAddon(), addon);
fs.copyFileSync(
  path.join(__dirname, '..', 'support', 'limited.js'),
  path.join(folder, 'limited.js'),
);

const WORKS = { synchronous: 'works', asynchronous: 'works', file: 'works' };

describe('a process with odd variables', () => {
  const odd = [
    { TOKIO_WORKER_THREADS: '' },
    { TOKIO_WORKER_THREADS: '0' },
    { TOKIO_WORKER_THREADS: 'four' },
    { TOKIO_WORKER_THREADS: '100000' },
    { RUST_MIN_STACK: '1' },
    { RUST_MIN_STACK: '' },
    { RAYON_NUM_THREADS: '' },
    { RAYON_NUM_THREADS: '0' },
    { RAYON_NUM_THREADS: '100000' },
    { RUST_BACKTRACE: 'full', RUST_LIB_BACKTRACE: '1' },
    { RUST_LOG: 'trace' },
    { UV_THREADPOOL_SIZE: '1' },
    { MALLOC_ARENA_MAX: '0' },
  ];
  for (const env of odd) {
    it(`works with ${JSON.stringify(env)}`, async () => {
      const { stdout, stderr } = await limited({ env });
      assert.deepEqual(JSON.parse(stdout), WORKS);
      assert.equal(stderr, '');
    });
  }
});

describe('a process with few threads', { skip: !LINUX && 'Linux only' }, () => {
  it('works, or says what it lacks, however few it may have', async () => {
    const outcomes = new Map();
    // Node.js itself has about ten.
    for (let more = 0; more < 12; more++) {
      const { stdout, stderr } = await limited({ preload: preload(), failAfter: more });
      const found = JSON.parse(stdout);
      assert.equal(found.synchronous, 'works');
      assert.ok(['works', 'ERR_ENVELOPE_SYSTEM true'].includes(found.asynchronous), stdout);
      assert.ok(['works', 'ERR_ENVELOPE_SYSTEM true'].includes(found.file), stdout);
      assert.doesNotMatch(stderr, /panick|abort|fatal/);
      outcomes.set(more, found);
    }
    assert.deepEqual(outcomes.get(0), {
      synchronous: 'works',
      asynchronous: 'ERR_ENVELOPE_SYSTEM true',
      file: 'ERR_ENVELOPE_SYSTEM true',
    });
    assert.equal(outcomes.get(1).asynchronous, 'works');
    assert.deepEqual(outcomes.get(11), WORKS);
  });

  it('works, or says what it lacks, under ulimit -u', async (t) => {
    if (process.getuid() !== 0) return t.skip('only root can be another user');
    const found = new Set();
    for (const most of [8, 10, 11, 12, 13, 14, 16, 30]) {
      const { stdout, stderr } = await limited({
        limits: `{ ulimit -u ${most} || ulimit -p ${most}; } 2>/dev/null`,
        user: true,
      });
      // Without threads of its own, Node.js does not start.
      if (stdout === '') continue;
      const { synchronous, asynchronous } = JSON.parse(stdout);
      assert.equal(synchronous, 'works', stderr);
      found.add(asynchronous);
    }
    assert.ok([...found].every((text) => /^(works|ERR_ENVELOPE_SYSTEM true)$/.test(text)));
    assert.ok(found.has('works'));
  });
});

describe('a process with few file descriptors', { skip: !LINUX && 'Linux only' }, () => {
  it('works, or says what it lacks, under ulimit -n', async () => {
    const found = new Set();
    for (let most = 18; most <= 60; most += 3) {
      const { stdout, stderr } = await limited({ limits: `ulimit -n ${most}` });
      assert.doesNotMatch(stderr, /panick|abort|fatal/, `${most}`);
      if (stdout === '') continue;
      const outcome = JSON.parse(stdout);
      assert.equal(outcome.synchronous, 'works', stdout);
      assert.match(outcome.asynchronous, /^(works|ERR_ENVELOPE_SYSTEM true)$/);
      found.add(outcome.asynchronous);
    }
    assert.ok(found.has('works') && found.has('ERR_ENVELOPE_SYSTEM true'), [...found].join());
  });
});

/** Runs the program of limited.js; it ends by itself, or by a signal that the test sees. */
async function limited({ env = {}, limits = 'true', preload: library, failAfter, user }) {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(NODE|TOKIO|RUST|RAYON)_/.test(name),
  );
  const options = {
    cwd: folder,
    env: {
      ...Object.fromEntries(own),
      KMS_ENVELOPE_NATIVE_PATH: addon,
      ...env,
      ...(library && { LD_PRELOAD: library, FAIL_AFTER: String(failAfter) }),
    },
    timeout: 60_000,
    ...(user && { uid: USER, gid: USER }),
  };
  const command = `${limits} && exec "${process.execPath}" limited.js`;
  try {
    return await promisify(execFile)('sh', ['-c', command], options);
  } catch (error) {
    // Node.js itself may refuse to start under a limit, and says so; then nothing of ours has run.
    if (error.stdout === '' && !/panick/.test(error.stderr) && limits !== 'true') return error;
    throw error;
  }
}

/** Lets pthread_create fail, as it does at a limit, once the program asks for that. */
function preload() {
  const library = path.join(folder, 'few_threads.so');
  if (!fs.existsSync(library)) {
    const source = path.join(__dirname, '..', 'support', 'few_threads.c');
    require('node:child_process').execFileSync('cc', ['-shared', '-fPIC', '-o', library, source]);
  }
  return library;
}

function builtAddon() {
  return path.join(
    ROOT,
    fs.readdirSync(ROOT).find((name) => name.endsWith('.node')),
  );
}
