'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { describe, it } = require('node:test');

const { Envelope, LocalKeyring } = require('../..');
const { temporaryFolder } = require('../support/files');

const folder = temporaryFolder();
const POSIX = { skip: process.platform === 'win32' && 'POSIX files' };
const ROOT = path.join(__dirname, '..', '..');
const OTHER_USER = 65_534;
let count = 0;
const newPath = () => path.join(folder, `${count++}.key`);

describe('a key file that an editor has saved', () => {
  const changes = {
    'with a byte order mark': (text) => `\ufeff${text}`,
    'with carriage returns': (text) => text.replaceAll('\n', '\r\n'),
    'with a space at the end': (text) => `${text.trimEnd()} \n`,
    'with tabs and more spaces': (text) => text.replaceAll(/^(k\S+) (\S+) /gm, '  $1\t$2  '),
    'without its last line feed': (text) => text.trimEnd(),
    'with empty lines': (text) => `\n \n${text}\n\t\n`,
    'in capital letters': (text) => text.replace(/[0-9a-f]{64}/, (key) => key.toUpperCase()),
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`${what} is the same key`, () => {
      const file = newPath();
      const message = new Envelope({ keyring: LocalKeyring.generate(file) }).encryptSync('x');
      fs.writeFileSync(file, change(fs.readFileSync(file, 'utf8')));
      assert.equal(String(new Envelope(`local:${file}`).decryptSync(message)), 'x');
    });
  }
});

describe('a key file', POSIX, () => {
  // In a process of its own: what waits for a writer is killed, and fails.
  function open(file) {
    const script = `new (require(${JSON.stringify(ROOT)}).LocalKeyring)(process.argv[1])`;
    const options = { encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL' };
    return spawnSync(process.execPath, ['-e', script, file], options);
  }

  it('that is a named pipe is refused, not waited for', () => {
    const file = newPath();
    execFileSync('mkfifo', ['-m', '600', file]);
    const { signal, stderr } = open(file);
    assert.equal(signal, null);
    assert.match(stderr, /ERR_ENVELOPE_KEY_FILE/);
  });

  it('that is a terminal, a device or a socket is refused', async () => {
    const socket = newPath();
    const server = net.createServer().listen(socket);
    for (const file of ['/dev/null', '/dev/zero', '/dev/ptmx', socket]) {
      assert.match(open(file).stderr, /ERR_ENVELOPE_KEY_FILE/, file);
    }
    server.close();
  });

  const asOther = process.getuid?.() !== 0 && 'only root can give a file away';
  it('of another user is refused, and the error says how to mend it', { skip: asOther }, () => {
    const file = newPath();
    LocalKeyring.generate(file);
    fs.chownSync(file, OTHER_USER, OTHER_USER);
    assert.throws(() => new LocalKeyring(file), {
      code: 'ERR_ENVELOPE_KEY_FILE',
      message: new RegExp(`belongs to another user \\(id ${OTHER_USER}, .*chown 0 '${file}'`),
    });
    assert.throws(() => new Envelope(`local:${file}`), { code: 'ERR_ENVELOPE_KEY_FILE' });
    fs.chownSync(file, 0, 0);
    assert.ok(new LocalKeyring(file));
  });

  it('outlasts a loss of power: its folder is synced when it is made', (t) => {
    if (spawnSync('strace', ['-V']).status !== 0) return t.skip('needs strace');
    const file = newPath();
    const script = `require(${JSON.stringify(ROOT)}).LocalKeyring.generate(process.argv[1])`;
    const trace = ['-f', '-y', '-e', 'trace=fsync', process.execPath, '-e', script, file];
    const { stderr } = spawnSync('strace', trace, { encoding: 'utf8' });
    const synced = [...stderr.matchAll(/fsync\(\d+<([^>]*)>\)/g)].map(([, name]) => name);
    assert.deepEqual(synced, [fs.realpathSync(file), fs.realpathSync(folder)]);
  });
});
