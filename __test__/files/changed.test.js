'use strict';

const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { promisify } = require('node:util');

const { flip, truncate } = require('../support/edits');
const { envelope, newPlace, root, underKey } = require('../support/places');
const { rejection } = require('../support/rejects');

const KIB = 1024;
const MIB = 1024 * KIB;
// Takes longer than the first report of the progress.
const LONG = 512 * MIB;

describe('a message that was changed', () => {
  const short = underKey({ frameLength: 10 });
  const message = short.encryptSync('twenty-five bytes of text');

  it('by one bit leaves no file', async () => {
    const place = newPlace({});
    for (let at = 0; at < message.length; at++) {
      const changed = Buffer.from(message);
      changed[at] ^= 1 << (at % 8);
      const error = await refused(short, place, changed);
      assert.doesNotMatch(error.code, /INTERNAL|INVALID_ARGUMENT|FILE|KMS/, `byte ${at}`);
    }
  });

  it('by a cut, or by bytes after its end, leaves no file', async () => {
    const place = newPlace({});
    for (let length = 0; length < message.length; length++) {
      await refused(short, place, message.subarray(0, length), 'TRUNCATED_MESSAGE');
    }
    for (const more of [Buffer.alloc(1), Buffer.alloc(100_000), message]) {
      await refused(short, place, Buffer.concat([message, more]), 'MALFORMED_MESSAGE');
    }
  });

  it('near its end leaves no file, though earlier frames have verified', async () => {
    const place = newPlace({});
    const long = envelope.encryptSync(crypto.randomBytes(9 * MIB));
    await refused(envelope, place, truncate(long, { before: 'last byte' }), 'TRUNCATED_MESSAGE');
    await refused(envelope, place, Buffer.concat([long, Buffer.alloc(1)]), 'MALFORMED_MESSAGE');
    await refused(envelope, place, flip(long, 'final tag'), 'AUTHENTICATION_FAILED');
  });

  /** Asserts that decrypting bytes as a file is refused, with this code if one is given; returns the error. */
  async function refused(reader, place, bytes, code) {
    fs.writeFileSync(place('message'), bytes);
    const decrypting = reader.decryptFile(place('message'), place('back'));
    const error = await decrypting.then(
      () => assert.fail('it was accepted'),
      (reason) => reason,
    );
    await rejection(Promise.reject(error), code ?? error.code.replace('ERR_ENVELOPE_', ''));
    assert.deepEqual(place.names(), ['message']);
    return error;
  }
});

it('a source that is cut while it is read does not hang', async () => {
  const place = newPlace({ long: '' });
  fs.truncateSync(place('long'), LONG);
  await envelope.encryptFile(place('long'), place('message'));
  let cuts = 0;
  const cutAtOnce = (name) => ({
    onProgress() {
      if (cuts++ === 0) fs.truncateSync(place(name), 10 * MIB);
    },
  });
  const decrypting = envelope.decryptFile(place('message'), place('out'), cutAtOnce('message'));
  await rejection(decrypting, 'TRUNCATED_MESSAGE');
  assert.deepEqual(place.names(), ['long', 'message']);
  cuts = 0;
  const result = await envelope.encryptFile(place('long'), place('out'), cutAtOnce('long'));
  assert.ok(result.plaintextLength < LONG);
  assert.equal(await envelope.plaintextSize(place('out')), result.plaintextLength);
  fs.rmSync(place('.'), { recursive: true });
});

describe('a full disk', () => {
  for (const operation of ['encryptFile', 'decryptFile']) {
    it(`ends ${operation}, and leaves nothing`, async (t) => {
      if (!canMount()) return t.skip('needs Linux, and the right to mount a small disk');
      const place = newPlace({ plaintext: crypto.randomBytes(2 * MIB) });
      fs.mkdirSync(place('disk'));
      // The key of file-job.js.
      const writer = underKey({ wrappingKey: Buffer.alloc(32, 1) });
      await writer.encryptFile(place('plaintext'), place('message'));
      const source = place(operation === 'encryptFile' ? 'plaintext' : 'message');
      const result = await onSmallDisk(place('disk'), operation, source, place('disk/out'));
      assert.equal(result.code, 'ERR_ENVELOPE_DISK_FULL');
      assert.deepEqual(result.left, []);
    });
  }

  const unshare = (...command) => ['unshare', ['--map-root-user', '--mount', ...command]];
  const mount = 'mount -t tmpfs -o size=1m tmpfs "$0"';

  function canMount() {
    if (process.platform !== 'linux') return false;
    try {
      const [command, args] = unshare('sh', '-c', mount, root);
      execFileSync(command, args, { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  }

  /** Runs file-job.js where the folder is a disk of 1 MiB, which goes with the process. */
  async function onSmallDisk(folder, ...job) {
    const script = path.join(__dirname, '..', 'support', 'file-job.js');
    const run = [process.execPath, script, ...job];
    const [command, args] = unshare('sh', '-c', `${mount} && exec "$@"`, folder, ...run);
    const { stdout } = await promisify(execFile)(command, args);
    return JSON.parse(stdout.trim().split('\n').at(-1));
  }
});
