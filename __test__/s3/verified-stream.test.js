'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { createCipheriv, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');
const { after, afterEach, before, beforeEach, describe, it } = require('node:test');
const { setTimeout } = require('node:timers/promises');
const { encryptS3Object } = require('../../integrations/s3');
const { openObject, readSettings } = require('../../lib/s3-objects/read');
const { verifiedStream } = require('../../lib/s3-objects/stream');
const { flipLastByte } = require('../support/edits');
const { temporaryFolder } = require('../support/files');
const { rawAes } = require('../support/raw-aes');
const { rejection } = require('../support/rejects');
const { takeSharedMemory } = require('../support/shared-memory');
const { noOpenFiles, openFiles } = require('../support/unnamed-files');

const MEBIBYTE = 1024 * 1024;
/** So long that the body does not stay in memory, while others have what they share. */
const LONG = 7 * MEBIBYTE + 13;
const LINUX = { skip: process.platform !== 'linux' };

describe('a stream of an object that has verified', () => {
  const wrappingKey = randomBytes(32);
  const keyring = rawAes('key', wrappingKey);
  const content = randomBytes(LONG);
  const writeV3 = (data) => encryptS3Object(data, { keyring });
  let giveBack;
  before(async () => {
    giveBack = await takeSharedMemory();
  });
  after(() => giveBack());

  const stream = async ({ body, metadata }, { source = chunks(body), signal } = {}) => {
    const old = { legacyWrapping: true, legacyContent: true };
    const settings = { keyring, commitmentPolicy: 'requireEncryptAllowDecrypt', ...old };
    const reader = await openObject(metadata, undefined, readSettings(settings));
    return verifiedStream(reader, source, signal);
  };

  /** V2 with AES-CBC, as clients of before wrote it. */
  async function writeCbc(data) {
    const [key, iv] = [randomBytes(32), randomBytes(16)];
    const seal =
      (...cipher) =>
      (bytes) => {
        const encrypt = createCipheriv(...cipher);
        return Buffer.concat([encrypt.update(bytes), encrypt.final()]);
      };
    const wrapped = seal('id-aes256-wrap', wrappingKey, Buffer.alloc(8, 0xa6))(key);
    const metadata = {
      'x-amz-key-v2': wrapped.toString('base64'),
      'x-amz-iv': iv.toString('base64'),
      'x-amz-wrap-alg': 'AESWrap',
      'x-amz-cek-alg': 'AES/CBC/PKCS5Padding',
      'x-amz-matdesc': '{}',
    };
    return { body: seal('aes-256-cbc', key, iv)(data), metadata };
  }

  for (const [name, write] of Object.entries({ 'AES-GCM': writeV3, 'AES-CBC': writeCbc })) {
    for (const length of [0, 300_000, MEBIBYTE, 4 * MEBIBYTE, LONG]) {
      it(`gives ${length} bytes of ${name}, although the source uses its chunk again`, async () => {
        const data = content.subarray(0, length);
        const object = await write(data);
        const source = async function* () {
          const chunk = Buffer.alloc(90_001);
          for (let at = 0; at < object.body.length; at += chunk.length) {
            const copied = object.body.copy(chunk, 0, at);
            setImmediate(() => chunk.fill(0));
            yield chunk.subarray(0, copied);
            chunk.fill(0xff);
          }
        };
        const verified = await stream(object, { source: source() });
        assert.equal(verified.length, length);
        assert.ok(Buffer.concat(await verified.stream.toArray()).equals(data));
      });
    }
  }

  it('waits in memory if the body is short, else in a file without a name', LINUX, async () => {
    const ends = [];
    for (const [length, files] of [
      [4 * MEBIBYTE - 16, 0],
      [LONG, 1],
    ]) {
      const { stream: verified } = await stream(await writeV3(content.subarray(0, length)));
      assert.equal(openFiles().length, files);
      ends.push(once(verified.destroy(), 'close'));
    }
    await Promise.all(ends);
    await noOpenFiles();
  });

  describe('while memory is free', () => {
    before(() => giveBack());
    after(async () => {
      giveBack = await takeSharedMemory();
    });

    it('keeps a longer body there, too, and gives the memory back', LINUX, async () => {
      const objects = [await writeV3(content), await writeCbc(content)];
      // Four rounds of two by two would need more memory than there is, were it not given back.
      for (const object of [...objects, ...objects, ...objects, ...objects]) {
        const read = await stream(object);
        const destroyed = await stream(object);
        assert.equal(openFiles().length, 0);
        assert.equal(read.length, LONG);
        assert.ok(Buffer.concat(await read.stream.toArray()).equals(content));
        await rejection(
          stream({ ...object, body: object.body.subarray(1) }),
          'AUTHENTICATION_FAILED',
        );
        await once(destroyed.stream.destroy(), 'close');
      }
    });

    it('keeps the start of a body there if all of it is too long', LINUX, async () => {
      const object = await writeV3(Buffer.concat(Array(6).fill(content)));
      const { stream: verified } = await stream(object);
      const [file] = openFiles();
      assert.equal(fs.statSync(file).size, object.body.length - 36 * MEBIBYTE);
      const parts = Buffer.concat(await verified.toArray());
      assert.ok(parts.equals(Buffer.concat(Array(6).fill(content))));
      await noOpenFiles();
    });
  });

  it('keeps only the encrypted body in its file', LINUX, async () => {
    const text = Buffer.alloc(LONG, 'text that stands in the plaintext alone ');
    const { stream: verified } = await stream(await writeV3(text));
    const [file] = openFiles();
    const stored = fs.readFileSync(file);
    assert.equal(stored.length, LONG + 16 - 4 * MEBIBYTE);
    assert.ok(!stored.includes('the plaintext'));
    assert.equal(
      (await verified.toArray()).reduce((sum, { length }) => sum + length, 0),
      LONG,
    );
    await noOpenFiles();
  });

  it('releases nothing of a body whose last byte was changed', LINUX, async () => {
    for (const length of [1000, LONG]) {
      const { body, metadata } = await writeV3(content.subarray(0, length));
      const changed = { body: flipLastByte(body), metadata };
      await rejection(stream(changed), 'AUTHENTICATION_FAILED');
    }
    await noOpenFiles();
  });

  it('gives up when the signal fires, although no more of the body comes', LINUX, async () => {
    const { body, metadata } = await writeV3(content);
    const stop = new AbortController();
    const source = new Readable({ read() {} });
    source.push(body.subarray(0, 6 * MEBIBYTE));
    const stopped = stream({ metadata }, { source, signal: stop.signal });
    while (openFiles().length === 0) await setTimeout(5);
    stop.abort();
    await rejection(stopped, 'ABORTED');
    assert.ok(source.destroyed);
    await noOpenFiles();
    await rejection(stream({ metadata }, { source, signal: stop.signal }), 'ABORTED');
  });

  it('ends the stream when the signal fires later', LINUX, async () => {
    const stop = new AbortController();
    const { stream: verified } = await stream(await writeV3(content), { signal: stop.signal });
    const reading = verified.toArray();
    stop.abort();
    await rejection(reading, 'ABORTED');
    await noOpenFiles();
  });

  describe('whose files have a folder of their own', () => {
    const { TMPDIR } = process.env;
    const { platform } = process;
    const setPlatform = (value) => Object.defineProperty(process, 'platform', { value });
    const folder = temporaryFolder();
    let object;
    before(async () => {
      object = await writeV3(content);
    });
    beforeEach(() => {
      process.env.TMPDIR = folder;
    });
    afterEach(() => {
      setPlatform(platform);
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    });

    for (const system of ['linux', 'another system']) {
      it(`shows no name there that a killed process would leave (${system})`, LINUX, async () => {
        setPlatform(system);
        const { stream: verified } = await stream(object);
        assert.equal(openFiles().length, 1);
        assert.deepEqual(fs.readdirSync(folder), []);
        assert.ok(Buffer.concat(await verified.toArray()).equals(content));
        await noOpenFiles();
      });
    }

    it('lets nobody give the file a name', LINUX, async () => {
      const { stream: verified } = await stream(object);
      const [file] = openFiles();
      const name = path.join(folder, 'name');
      const linked = spawnSync('ln', [
        '-L',
        `/proc/${process.pid}/fd/${path.basename(file)}`,
        name,
      ]);
      assert.notEqual(linked.status, 0);
      assert.match(String(linked.stderr), /No such file/);
      assert.ok(!fs.existsSync(name));
      verified.destroy();
      await noOpenFiles();
    });

    it('gives all of the content although the file does not close', async (t) => {
      const { open } = fs.promises;
      let closed = 0;
      t.mock.method(fs.promises, 'open', async (...args) => {
        const file = await open(...args);
        const close = file.close.bind(file);
        t.mock.method(file, 'close', async () => {
          await close();
          closed += 1;
          throw new Error('EIO');
        });
        return file;
      });
      // The runner fails a test with a rejection that nobody handles.
      const { stream: verified } = await stream(object);
      assert.ok(Buffer.concat(await verified.toArray()).equals(content));
      const changed = { ...object, body: flipLastByte(object.body) };
      await rejection(stream(changed), 'AUTHENTICATION_FAILED');
      while (closed < 2) await setTimeout(5);
    });

    it('tells that it has no place for the file', async () => {
      process.env.TMPDIR = path.join(folder, 'missing');
      const error = await rejection(stream(object), 'FILE');
      assert.match(error.message, /TMPDIR/);
      assert.equal(error.cause.code, 'ENOENT');
    });

    it('tells that the disk is full, and keeps no file', LINUX, async (t) => {
      const { open } = fs.promises;
      t.mock.method(fs.promises, 'open', async (...args) => {
        const file = await open(...args);
        const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });
        t.mock.method(file, 'write', () => Promise.reject(full));
        return file;
      });
      const error = await rejection(stream(object), 'FILE');
      assert.match(error.message, /cannot be written.*free space/);
      assert.equal(error.cause.message, 'write failed: ENOSPC');
      await noOpenFiles();
    });
  });
});

function chunks(body) {
  const count = Math.ceil(body.length / 65_536);
  return Array.from({ length: count }, (_, i) => body.subarray(i * 65_536, (i + 1) * 65_536));
}
