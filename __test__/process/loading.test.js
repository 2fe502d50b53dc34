'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { promisify } = require('node:util');
const { LocalKeyring } = require('../..');
const { notLoaded } = require('../../lib/native/explain');
const { platformName } = require('../../lib/native/platform');
const { temporaryFolder } = require('../support/files');
const { nodeBinary } = require('../support/nodes');
const { requireOrSkip } = require('../support/requirements');

const ROOT = path.join(__dirname, '..', '..');
const LINUX = process.platform === 'linux';
const PERMISSION =
  Number(process.versions.node.split('.')[0]) < 23 ? '--experimental-permission' : '--permission';

const addon =
  process.env.KMS_ENVELOPE_NATIVE_PATH ??
  path.join(
    ROOT,
    fs.readdirSync(ROOT).find((name) => name.endsWith('.node')),
  );
const binary = fs.readFileSync(addon);

/** A copy of the package, without a binary of any platform. */
const folder = temporaryFolder();
fs.chmodSync(folder, 0o755);
for (const name of ['index.js', 'package.json', 'lib', 'bin']) {
  fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
}
const KEY = path.join(folder, 'dev.key');
LocalKeyring.generate(KEY);
let preludes = 0;
const PROGRAM = `
  try {
    const { Envelope, RawAesKeyring } = require(${JSON.stringify(folder)});
    const key = { keyNamespace: 'a', keyName: 'b', wrappingKey: Buffer.alloc(32) };
    const envelope = new Envelope({ keyring: new RawAesKeyring(key) });
    console.log(JSON.stringify({ outcome: String(envelope.decryptSync(envelope.encryptSync('works'))) }));
  } catch ({ name, code, message, retryable, cause }) {
    console.log(JSON.stringify({ name, code, message, retryable, cause: cause?.message }));
  }`;

/** What `require` says in each situation, and doctor: its text, or that it works. */
const SITUATIONS = {
  'the variable that names the addon': { named: addon, works: true },
  'a relative path in the variable': { named: path.relative(process.cwd(), addon), works: true },
  'an empty variable is as none': { named: '', says: /kms-envelope-\S+ is not installed/ },
  'a variable of somebody else': {
    named: addon,
    env: { NAPI_RS_NATIVE_LIBRARY_PATH: '/no/such.node', NAPI_RS_FORCE_WASI: 'error' },
    works: true,
  },
  'a platform package that was left out': {
    says: /kms-envelope-\S+ is not installed; install without --omit=optional.*lock file/,
  },
  'node_modules of another platform': {
    prelude: `require('node:module')._resolveFilename = (
      (resolve) => (name, ...rest) => name.endsWith('-win32-arm64-msvc') ? '/x' : resolve(name, ...rest)
    )(require('node:module')._resolveFilename);`,
    says: /installed for win32-arm64-msvc, and this is \S+; .*Dockerfile.*--os=\w+ --cpu=\w+/,
  },
  'a platform without a binary': {
    prelude: "Object.defineProperty(process, 'arch', { value: 'riscv64' });",
    says: /no binary for \w+-riscv64\S*, only for darwin-arm64, .*KMS_ENVELOPE_NATIVE_PATH/,
  },
  musl: {
    linux: true,
    prelude: withoutLdd('process.report.getReport = () => ({ header: {} });'),
    says: /kms-envelope-linux-\w+-musl is not installed/,
  },
  'glibc without ldd': {
    linux: true,
    prelude: withoutLdd(''),
    says: /kms-envelope-linux-\w+-gnu is not installed/,
  },
  '--no-addons': { named: addon, flags: ['--no-addons'], says: /--no-addons.*leave it out/ },
  '--no-addons in NODE_OPTIONS': {
    named: addon,
    env: { NODE_OPTIONS: '--no-addons' },
    says: /--no-addons \(see NODE_OPTIONS\)/,
  },
  'the permission model': {
    named: addon,
    flags: [PERMISSION, '--allow-fs-read=*'],
    says: /--permission, which forbids native addons; add --allow-addons/,
  },
  'a path that leads nowhere': {
    named: '/no/such/addon.node',
    says: /'\S*addon\.node' cannot be loaded: there is no such file.*KMS_ENVELOPE_NATIVE_PATH/,
  },
  'a file that is no addon': {
    named: file('text.node', 'no addon'),
    says: /text\.node' cannot be loaded: it was built for another platform, or is damaged/,
  },
  'an addon that was cut off': {
    named: file('cut.node', binary.subarray(0, 100)),
    says: /cut\.node' cannot be loaded: it was built for another platform, or is damaged/,
  },
  'an addon of something else': {
    named: otherAddon(),
    says: /cannot be used: it is not the addon of this package/,
  },
  'an addon of another version': {
    named: addon,
    prelude: `require(${JSON.stringify(path.join(folder, 'lib', 'native', 'version.js'))}).VERSION = '9.9.9';`,
    says: /has version \d+\.\d+\.\S+, and its JavaScript 9\.9\.9; install both in one version/,
  },
  'an old glibc': {
    linux: true,
    named: changed('old.node', 'GLIBC_2.28', 'GLIBC_9.28'),
    says: /it needs GLIBC 9\.28, and this system has 2\.\d+; use a newer system/,
  },
  'a library that is missing': {
    linux: true,
    named: changed('lacks.node', 'libgcc_s.so.1', 'libgxx_s.so.1'),
    says: /this system lacks the library libgxx_s\.so\.1; install it/,
  },
  'a binary for musl': {
    linux: true,
    named: changed('musl.node', 'libgcc_s.so.1', 'ld-musl.so.1\0'),
    says: /built for musl \(Alpine Linux\), and this system has glibc/,
  },
};

describe('loading the package', () => {
  for (const [situation, given] of Object.entries(SITUATIONS)) {
    const { named, env = {}, flags = [], prelude = '', works, says, linux } = given;
    it(`${works ? 'works with' : 'says what to do about'}: ${situation}`, async (t) => {
      if (linux && !LINUX) return t.skip('Linux only');
      const place = { flags, prelude, env: { ...env, named } };
      const [found, told] = await Promise.all([load(place), doctor(place)]);
      if (works) {
        assert.deepEqual(found, { outcome: 'works' });
        return assert.deepEqual([told.exit, told.decrypt.status], [0, 'ok']);
      }
      assert.equal(found.code, 'ERR_ENVELOPE_ADDON', found.message);
      assert.deepEqual([found.name, found.retryable], ['EnvelopeError', false]);
      assert.match(found.message, says);
      assertSame(told, found);
    });
  }

  it(
    'says what to do where no more files may be open',
    { skip: !LINUX && 'Linux only' },
    async () => {
      const program = `
      const fs = require('node:fs');
      require(${JSON.stringify(path.join(folder, 'lib', 'native', 'explain.js'))});
      const open = [];
      try { for (;;) open.push(fs.openSync('/dev/null')); } catch {}
      try { require(${JSON.stringify(path.join(folder, 'lib', 'native', 'load.js'))}); }
      catch ({ code, message }) { fs.closeSync(open[0]); console.log(JSON.stringify({ code, message })); }`;
      const found = await load({ prelude: program, program: '', env: { named: addon } });
      // Before the addon, Node.js itself may fail to read a file of the package.
      assert.match(found.message, /too many (open )?files/i);
    },
  );

  it('says what to do where the permission model hides the platform package', async (t) => {
    const node = nodeBinary(24);
    if (!requireOrSkip(t, node, 'Node.js 24')) return;
    const name = `kms-envelope-${platformName()}`;
    const outside = path.join(temporaryFolder(), 'node_modules');
    const app = path.join(outside, 'kms-envelope');
    fs.cpSync(path.join(ROOT, 'npm', platformName()), path.join(outside, name), {
      recursive: true,
    });
    for (const part of ['index.js', 'package.json', 'lib', 'bin']) {
      fs.cpSync(path.join(ROOT, part), path.join(app, part), { recursive: true });
    }
    const flags = ['--permission', '--allow-addons', `--allow-fs-read=${app}${path.sep}*`];
    const program = PROGRAM.replace(JSON.stringify(folder), JSON.stringify(app));
    const found = await load({ node, flags, program, env: {} });
    const { code, message } = found;
    assert.equal(code, 'ERR_ENVELOPE_ADDON');
    assert.ok(message.includes(`may not read '${name}'; add --allow-fs-read=PATH`), message);
    assertSame(await doctor({ node, flags, env: {}, copy: app }), found);
  });

  const SAID_BY_SYSTEMS = {
    'Error loading shared library ld-linux-x86-64.so.2: No such file or directory':
      /built for glibc/,
    'Error relocating /x.node: gnu_get_libc_version: symbol not found': /built for glibc/,
    'x.node: failed to map segment from shared object: Operation not permitted': /noexec/,
    'x.node: cannot allocate memory in static TLS block': /static thread memory/,
    "dlopen(x.node, 0x0001): tried: 'x.node' (mach-o file, but is an incompatible architecture (have 'arm64', need 'x86_64'))":
      /another platform/,
    '\\\\?\\C:\\x.node is not a valid Win32 application.': /another platform/,
    "Module did not self-register: '/x.node'.": /addon of something else/,
    'x.node: cannot open shared object file: Permission denied': /may not read it/,
    'something new': /see the cause/,
  };
  for (const [text, says] of Object.entries(SAID_BY_SYSTEMS)) {
    it(`knows what a system means by: ${text}`, () => {
      const error = notLoaded('/x.node', false, new Error(text));
      assert.equal(error.code, 'ERR_ENVELOPE_ADDON');
      assert.match(error.message, says);
      assert.equal(error.cause.message, text);
    });
  }
});

/** What a program prints that loads the package. */
async function load({ program = PROGRAM, prelude = '', flags = [], ...place }) {
  const { stdout } = await run({ ...place, args: [...flags, '-e', prelude + program] });
  return JSON.parse(stdout);
}

/** What doctor tells, by the names of its checks, and what it exits with. */
async function doctor({ prelude, flags = [], copy = folder, ...place }) {
  const before = prelude ? ['-r', file(`prelude-${++preludes}.cjs`, prelude)] : [];
  const bin = path.join(copy, 'bin', 'kms-envelope.js');
  const args = [...flags, ...before, bin, 'doctor', '--json', '--key', `local:${KEY}`];
  const { code: exit = 0, stdout } = await run({ ...place, args }).catch((error) => error);
  const { checks } = JSON.parse(stdout);
  return { exit, ...Object.fromEntries(checks.map(({ name, ...check }) => [name, check])) };
}

function run({ node = process.execPath, args, env: { named, ...env } }) {
  const own = Object.entries(process.env).filter(([name]) => !/^(KMS_ENVELOPE|NODE)_/.test(name));
  const variables = { ...Object.fromEntries(own), ...env };
  if (named !== undefined) variables.KMS_ENVELOPE_NATIVE_PATH = named;
  return promisify(execFile)(node, args, { env: variables });
}

/** Asserts that doctor says what the library says, and that it is the system that is at fault. */
function assertSame({ exit, binary, encrypt }, { code, message }) {
  assert.deepEqual([exit, binary.status, binary.code], [1, 'failed', code]);
  assert.ok(binary.detail.startsWith(message), binary.detail);
  assert.match(binary.advice, /Do what the message says/);
  assert.equal(encrypt, undefined, 'nothing more is tried');
}

function file(name, content) {
  const place = path.join(folder, name);
  fs.writeFileSync(place, content);
  return place;
}

/** The addon with a text of the same length in each place of another. */
function changed(name, text, other) {
  assert.equal(text.length, other.length);
  return file(name, Buffer.from(binary.toString('latin1').replaceAll(text, other), 'latin1'));
}

/** An addon that is not ours: of a development dependency. */
function otherAddon() {
  const places = fs.readdirSync(path.join(ROOT, 'node_modules', '@napi-rs'));
  const folders = places.map((name) => path.join(ROOT, 'node_modules', '@napi-rs', name));
  const found = folders.flatMap((place) =>
    fs.readdirSync(place).map((name) => path.join(place, name)),
  );
  return found.find((name) => name.endsWith('.node'));
}

function withoutLdd(more) {
  return `
    const fs = require('node:fs');
    const { readFileSync } = fs;
    fs.readFileSync = (name, ...rest) => {
      if (name === '/usr/bin/ldd') throw new Error('none');
      return readFileSync(name, ...rest);
    };
    ${more}`;
}
