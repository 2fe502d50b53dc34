'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { flip } = require('../support/edits');
const { envelope, newPlace, other } = require('../support/places');
const { rejection } = require('../support/rejects');

const KIB = 1024;
const MIB = 1024 * KIB;
const LIBRARY = path.join(__dirname, '..', '..');
const FILE_JOB = path.join(__dirname, '..', 'support', 'file-job.js');
const LOOKING_MS = 2_000;
const PATIENCE_MS = 20_000;
const NOBODY = 65534;
const windows = process.platform === 'win32';

describe('the destination', () => {
  it('can be read by its owner only', { skip: windows && 'POSIX modes' }, async () => {
    const place = newPlace({ plaintext: 'text', back: 'old' });
    fs.chmodSync(place('back'), 0o644);
    const umask = process.umask(0);
    try {
      await envelope.encryptFile(place('plaintext'), place('message'));
      await envelope.decryptFile(place('message'), place('back'), { overwrite: true });
    } finally {
      process.umask(umask);
    }
    for (const name of ['message', 'back']) {
      assert.equal(fs.statSync(place(name)).mode & 0o777, 0o600, name);
    }
  });

  it('that exists is left alone, or replaced with overwrite', async () => {
    const place = newPlace({ plaintext: 'text', message: 'old' });
    for (const options of [undefined, { overwrite: false }]) {
      const refused = envelope.encryptFile(place('plaintext'), place('message'), options);
      const error = await rejection(refused, 'FILE_EXISTS');
      assert.ok(error.message.includes(place('message')));
      assert.equal(place.read('message'), 'old');
    }
    await envelope.encryptFile(place('plaintext'), place('message'), { overwrite: true });
    await envelope.decryptFile(place('message'), place('plaintext'), { overwrite: true });
    assert.equal(place.read('plaintext'), 'text');
    fs.writeFileSync(place('message'), flip(fs.readFileSync(place('message')), 'final tag'));
    const failed = envelope.decryptFile(place('message'), place('plaintext'), { overwrite: true });
    await rejection(failed, 'AUTHENTICATION_FAILED');
    assert.equal(place.read('plaintext'), 'text');
    assert.deepEqual(place.names(), ['message', 'plaintext']);
  });

  it('of several calls at once is written by one of them', async () => {
    const place = newPlace({ plaintext: crypto.randomBytes(MIB) });
    const one = () => envelope.encryptFile(place('plaintext'), place('message'));
    const results = await Promise.allSettled(Array.from({ length: 10 }, one));
    const failed = results.filter(({ status }) => status === 'rejected');
    assert.equal(failed.length, 9);
    for (const { reason } of failed) await rejection(Promise.reject(reason), 'FILE_EXISTS');
    await envelope.decryptFile(place('message'), place('back'));
    assert.deepEqual(place.names(), ['back', 'message', 'plaintext']);
  });

  it('must not be the source, by whatever name', async () => {
    const place = newPlace({ plaintext: 'text' });
    fs.linkSync(place('plaintext'), place('hard link'));
    fs.symlinkSync(place('.'), place('folder'), 'junction');
    const names = ['plaintext', 'hard link', path.join('folder', 'plaintext')];
    for (const name of names) {
      for (const overwrite of [false, true]) {
        const refused = envelope.encryptFile(place('plaintext'), place(name), { overwrite });
        const error = await rejection(refused, 'FILE');
        assert.match(error.message, /the source itself/);
      }
    }
    assert.equal(place.read('plaintext'), 'text');
    assert.deepEqual(place.names(), ['folder', 'hard link', 'plaintext']);
  });

  it('must not be a folder, nor a symbolic link', { skip: windows && 'links' }, async () => {
    const place = newPlace({ plaintext: 'text', real: 'real' });
    fs.mkdirSync(place('folder'));
    fs.symlinkSync(place('real'), place('link'));
    fs.symlinkSync(place('nowhere'), place('dangling'));
    const names = place.names();
    for (const name of ['folder', 'link', 'dangling']) {
      for (const overwrite of [false, true]) {
        const refused = envelope.encryptFile(place('plaintext'), place(name), { overwrite });
        const { message } = await rejection(refused, 'FILE');
        assert.match(message, name === 'folder' ? /is a folder/ : /is a symbolic link/);
      }
    }
    await rejection(envelope.encryptFile(place('plaintext'), '/dev/null'), 'FILE');
    assert.deepEqual(place.names(), names);
    assert.equal(place.read('real'), 'real');
  });

  it('must not end like a folder', async () => {
    const place = newPlace({ plaintext: 'text' });
    const slash = `${place('new')}${path.sep}`;
    await rejection(envelope.encryptFile(place('plaintext'), slash), 'FILE');
    assert.deepEqual(place.names(), ['plaintext']);
  });

  it('needs a folder', async () => {
    const place = newPlace({ plaintext: 'text' });
    for (const name of [path.join('none', 'message'), path.join('plaintext', 'message')]) {
      const refused = envelope.encryptFile(place('plaintext'), place(name));
      const error = await rejection(refused, 'FILE');
      assert.match(error.message, /folder/);
    }
    assert.deepEqual(place.names(), ['plaintext']);
  });

  it(
    'may lie in a folder that can be written, but not read',
    { skip: windows && 'POSIX modes' },
    () => {
      const place = newPlace({ plaintext: 'text' });
      fs.mkdirSync(place('folder'));
      fs.chmodSync(place('folder'), 0o300);
      // Root reads every folder.
      const user = process.getuid() === 0 ? NOBODY : process.getuid();
      fs.chownSync(place('folder'), user, -1);
      for (const name of ['.', 'plaintext']) fs.chmodSync(place(name), 0o755);
      fs.chmodSync(path.dirname(place('.')), 0o755);
      const script = `
      const { Envelope, RawAesKeyring } = require(${JSON.stringify(LIBRARY)});
      const wrappingKey = Buffer.alloc(32, 1);
      const keyring = new RawAesKeyring({ keyNamespace: 'tests', keyName: 'key', wrappingKey });
      if (process.getuid() === 0) process.seteuid(${user});
      const [, source, destination] = process.argv;
      new Envelope({ keyring }).encryptFile(source, destination).catch((error) => console.log(error.code));`;
      const args = ['-e', script, place('plaintext'), place(path.join('folder', 'message'))];
      assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8' }), '');
      fs.chmodSync(place('folder'), 0o700);
      assert.deepEqual(fs.readdirSync(place('folder')), ['message']);
    },
  );

  it('may have a name of 255 bytes', async () => {
    const place = newPlace({ plaintext: 'text' });
    const name = `${'ü'.repeat(127)}x`;
    await envelope.encryptFile(place('plaintext'), place(name));
    await rejection(envelope.encryptFile(place('plaintext'), place(`${name}x`)), 'FILE');
    assert.deepEqual(place.names(), ['plaintext', name]);
  });
});

describe('the source', () => {
  it('must be a file', async () => {
    const place = newPlace({});
    fs.mkdirSync(place('folder'));
    for (const call of ['encryptFile', 'decryptFile']) {
      const missing = envelope[call](place('none'), place('out'));
      const error = await rejection(missing, 'FILE_NOT_FOUND');
      assert.ok(error.message.includes(place('none')));
      await rejection(envelope[call](place('folder'), place('out')), 'FILE');
      await rejection(envelope[call]('a\0b', place('out')), 'INVALID_ARGUMENT');
    }
    assert.deepEqual(place.names(), ['folder']);
  });

  it('must not be a named pipe, which may block', { skip: windows && 'named pipes' }, async () => {
    const place = newPlace({});
    execFileSync('mkfifo', [place('pipe')]);
    await rejection(envelope.encryptFile(place('pipe'), place('out')), 'FILE');
  });

  it(
    'must still be a file when it is opened',
    { skip: process.platform !== 'linux' && 'Linux' },
    async (t) => {
      if (spawnSync('strace', ['-V']).status !== 0) return t.skip('needs strace');
      const place = newPlace({ plaintext: 'text' });
      // Time for another to come to its place, between the look at it and the opening.
      const slow = `inject=stat,statx,newfstatat:delay_exit=${LOOKING_MS * 1000}`;
      const trace = ['-f', '-qq', '-o', '/dev/null', '-P', place('plaintext'), '-e', slow];
      const job = [FILE_JOB, 'encryptFile', place('plaintext'), place('out')];
      const child = spawn('strace', [...trace, process.execPath, ...job]);
      const lines = child.stdout.setEncoding('utf8')[Symbol.asyncIterator]();
      assert.equal((await lines.next()).value, '{}\n');
      await sleep(LOOKING_MS / 2);
      fs.unlinkSync(place('plaintext'));
      execFileSync('mkfifo', [place('plaintext')]);
      const answer = lines.next();
      const answered = await Promise.race([answer, sleep(PATIENCE_MS, undefined, { ref: false })]);
      // Whoever waits for the pipe goes on.
      fs.closeSync(fs.openSync(place('plaintext'), 'r+'));
      assert.ok(answered, 'a named pipe is waited for');
      const { code, left } = JSON.parse(answered.value);
      assert.equal(code, 'ERR_ENVELOPE_FILE');
      assert.deepEqual(left, ['plaintext']);
    },
  );

  const byRoot = process.getuid?.() === 0 && 'root may read every file';
  it('must be readable', { skip: windows ? 'POSIX modes' : byRoot }, async () => {
    const place = newPlace({ plaintext: 'text' });
    fs.chmodSync(place('plaintext'), 0);
    await rejection(envelope.encryptFile(place('plaintext'), place('out')), 'FILE');
    assert.deepEqual(place.names(), ['plaintext']);
  });
});

describe('arguments', () => {
  it('that are wrong are refused', async () => {
    const place = newPlace({ plaintext: 'text' });
    const [source, out] = [place('plaintext'), place('out')];
    const wrongOptions = [
      null,
      'x',
      { unknown: 1 },
      { plaintextLength: 4 },
      { overwrite: 1 },
      { onProgress: 'x' },
      { signal: {} },
      { encryptionContext: { a: 1 } },
    ];
    for (const options of wrongOptions) {
      await rejection(envelope.encryptFile(source, out, options), 'INVALID_ARGUMENT');
      await rejection(envelope.decryptFile(source, out, options), 'INVALID_ARGUMENT');
      await rejection(envelope.reEncryptFile(source, out, other, options), 'INVALID_ARGUMENT');
    }
    for (const wrong of [undefined, null, 5, '', {}, Buffer.from('x'), new URL('http://x/y')]) {
      await rejection(envelope.encryptFile(wrong, out), 'INVALID_ARGUMENT');
      await rejection(envelope.decryptFile(source, wrong), 'INVALID_ARGUMENT');
      await rejection(envelope.reEncryptFile(source, out, wrong), 'INVALID_ARGUMENT');
    }
    const newEncryptionContext = { a: 1 };
    const wrong = envelope.reEncryptFile(source, out, other, { newEncryptionContext });
    await rejection(wrong, 'INVALID_ARGUMENT');
    assert.deepEqual(place.names(), ['plaintext']);
  });

  it('with a file URL that names no path are refused', async () => {
    const url = new URL('file:///a%2Fb');
    await rejection(envelope.encryptFile(url, 'out'), 'INVALID_ARGUMENT');
    await rejection(envelope.openMessage(url), 'INVALID_ARGUMENT');
  });
});
