'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');
const { startFakeKms } = require('../support/fake-kms');
const { temporaryFolder } = require('../support/files');

const ROOT = path.join(__dirname, '..', '..');
const LINUX = process.platform === 'linux';
/** Nobody else runs as this user, so that its limit of threads is that of one process. */
const USER = 54_321;

/** A copy that another user can read, too. */
const folder = temporaryFolder();
fs.chmodSync(folder, 0o777);
for (const name of ['index.js', 'package.json', 'lib', 'bin']) {
  fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
}
const addon = path.join(folder, 'addon.node');
fs.copyFileSync(process.env.KMS_ENVELOPE_NATIVE_PATH ?? builtAddon(), addon);
fs.copyFileSync(
  path.join(__dirname, '..', 'support', 'limited.js'),
  path.join(folder, 'limited.js'),
);

// From here on `few_threads.c` counts; Node.js has its own threads.
fs.writeFileSync(path.join(folder, 'fail-now.js'), "process.env.FAIL_NOW = '1';");

const WORKS = { synchronous: 'works', asynchronous: 'works', file: 'works' };
const LACKING =
  /^ERR_ENVELOPE_SYSTEM true the system gives this process no further thread or file descriptor; raise its limits/;
const WORKS_OR_LACKS = new RegExp(`^works$|${LACKING.source}`);
const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

/** What doctor asks, as the KMS key needs the network, and that a thread. */
let kms;
before(async () => {
  const Plaintext = Buffer.alloc(32, 1).toString('base64');
  kms = await startFakeKms(() => ({ body: { KeyId: ARN, Plaintext, CiphertextBlob: 'AAAA' } }));
});
after(() => kms?.stop());

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
    it(`works with ${JSON.stringify(env)}, and doctor finds all well`, async () => {
      const [{ stdout, stderr }, told] = await Promise.all([limited({ env }), doctor({ env })]);
      assert.deepEqual(JSON.parse(stdout), WORKS);
      assert.equal(stderr, '');
      assert.deepEqual(told, { code: 0, stderr: '', encrypt: 'works' });
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
      assert.match(found.asynchronous, WORKS_OR_LACKS);
      assert.match(found.file, WORKS_OR_LACKS);
      assert.doesNotMatch(stderr, /panick|abort|fatal/);
      outcomes.set(more, found);
    }
    assert.match(outcomes.get(0).asynchronous, LACKING);
    assert.match(outcomes.get(0).file, LACKING);
    assert.equal(outcomes.get(1).asynchronous, 'works');
    assert.deepEqual(outcomes.get(11), WORKS);
  });

  it('is told so by doctor', async () => {
    const given = { preload: preload() };
    const [none, one] = await Promise.all(
      [0, 1].map((more) => doctor({ ...given, failAfter: more })),
    );
    assert.deepEqual([none.code, one.code], [1, 0]);
    assert.match(none.encrypt, LACKING);
  });

  it('is told so by doctor where a thread is needed to look up the name of a host', async () => {
    const env = { AWS_ENDPOINT_URL_KMS: kms.endpoint.replace('127.0.0.1', 'localhost') };
    const one = await doctor({ preload: preload(), failAfter: 1, env });
    assert.equal(one.code, 1);
    assert.match(one.encrypt, LACKING);
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
    for (const text of found) assert.match(text, WORKS_OR_LACKS);
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
      assert.match(outcome.asynchronous, WORKS_OR_LACKS);
      found.add(outcome.asynchronous.slice(0, 5));
    }
    assert.deepEqual([...found].toSorted(), ['ERR_E', 'works']);
  });

  it('is told so by doctor', async () => {
    const found = [];
    // One of them leaves none for the connection, when the runtime has its own.
    for (let most = 22; found.at(-1) !== 0 && most < 60; most++) {
      const { code, stderr, encrypt } = await doctor({ limits: `ulimit -n ${most}` });
      assert.doesNotMatch(stderr, /panick|abort|fatal/, `${most}`);
      if (encrypt === undefined) continue;
      assert.match(encrypt, WORKS_OR_LACKS);
      assert.equal(code, encrypt === 'works' ? 0 : 1);
      found.push(code);
    }
    assert.deepEqual([...new Set(found)], [1, 0]);
  });
});

/** What doctor tells of a KMS key in such a process; nothing where Node.js itself did not start. */
async function doctor({ env, ...given }) {
  const { code, stdout, stderr } = await limited({
    ...given,
    program: `-r ./fail-now.js bin/kms-envelope.js doctor --json --key ${ARN}`,
    codes: [0, 1],
    env: {
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_KMS: kms.endpoint,
      ...env,
    },
  });
  if (stdout === '') return { code, stderr };
  const found = JSON.parse(stdout).checks.find(({ name }) => name === 'encrypt');
  const { status, detail } = found;
  return { code, stderr, encrypt: status === 'ok' ? detail : `${found.code} true ${detail}` };
}

/** Runs a program, by default limited.js; it ends by itself, or by a signal that the test sees. */
async function limited(given) {
  const { env = {}, limits = 'true', preload: library, failAfter, user } = given;
  const { program = 'limited.js', codes = [0] } = given;
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(AWS|NODE|TOKIO|RUST|RAYON)_/.test(name),
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
  const command = `${limits} && exec "${process.execPath}" ${program}`;
  const ended = await promisify(execFile)('sh', ['-c', command], options).catch((error) => error);
  const { stdout, stderr, code = 0 } = ended;
  // Node.js itself may refuse to start under a limit, and says so; then nothing of ours has run.
  const refused = stdout === '' && limits !== 'true' && !/panick/.test(stderr);
  if (!codes.includes(code) && !refused) throw ended;
  return { code, stdout, stderr };
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
