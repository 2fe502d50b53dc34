'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { after, before, beforeEach, describe, it } = require('node:test');

const { Envelope, LocalKeyring } = require('../..');
const { encryptedDiskStorage, encryptedS3Storage } = require('../../integrations/multer');
const { EncryptedS3 } = require('../../integrations/s3');
const { same, temporaryFolder } = require('../support/files');
const { rejection, thrown } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { startBucket } = require('../support/s3-bucket');
const { listen, load } = require('./servers');

const MEBIBYTE = 1024 * 1024;
const LIMIT = 12 * MEBIBYTE;
const root = temporaryFolder();
const envelope = new Envelope({ keyring: LocalKeyring.generate(path.join(root, 'key')) });
const owner = (request) => ({ owner: request.headers.owner ?? 'nobody' });
const bytes = crypto.randomBytes(11 * MEBIBYTE + 321);

/** Where uploads go: how many are there, what one of them holds, and what is left of uploads that failed. */
const STORES = {
  async disk() {
    const destination = fs.mkdtempSync(path.join(root, 'uploads-'));
    return {
      storage: encryptedDiskStorage({ envelope, destination, encryptionContext: owner }),
      names: async () => fs.readdirSync(destination),
      stored: async ({ path: file }) => fs.readFileSync(file),
      stop: async () => {},
    };
  },
  async S3() {
    const bucket = await startBucket();
    const Bucket = `uploads-${crypto.randomUUID()}`;
    await bucket.send('CreateBucket', { Bucket });
    const s3 = new EncryptedS3({ client: bucket.client, envelope });
    return {
      storage: encryptedS3Storage({ s3, bucket: Bucket, encryptionContext: owner }),
      async names() {
        const { Contents = [] } = await bucket.send('ListObjectsV2', { Bucket });
        const { Uploads = [] } = await bucket.send('ListMultipartUploads', { Bucket });
        return [...Contents, ...Uploads].map(({ Key }) => Key);
      },
      async stored({ key: Key }) {
        const { Body } = await bucket.send('GetObject', { Bucket, Key });
        return Buffer.from(await Body.transformToByteArray());
      },
      stop: () => bucket.stop(),
    };
  },
};

for (const [name, open] of Object.entries(STORES)) {
  const needs = name === 'S3' ? ['frameworks', 'python', 'examples'] : ['frameworks'];
  describe(`an upload, encrypted to ${name} by multer`, { skip: skipWithout(...needs) }, () => {
    let store;
    let server;
    let present;
    let underWay = 0;

    before(async () => {
      store = await open();
      const multer = load('multer');
      const { _handleFile, _removeFile } = store.storage;
      const storage = {
        _removeFile,
        _handleFile(request, file, callback) {
          underWay += 1;
          _handleFile(request, file, (...outcome) => {
            underWay -= 1;
            callback(...outcome);
          });
        },
      };
      const upload = multer({ storage, limits: { fileSize: LIMIT, files: 2 } });
      const app = load('express')();
      app.post('/', upload.any(), (request, response) => response.json(request.files));
      // eslint-disable-next-line no-unused-vars -- by its four parameters Express knows it
      app.use((error, request, response, next) => {
        response
          .status(400)
          .json({ code: error.code, name: error.name, errors: error.storageErrors });
      });
      server = await listen(http.createServer(app), []);
      server.url = new URL('/', server.url);
    });
    after(async () => {
      await server?.stop();
      await store?.stop();
    });
    beforeEach(async () => (present = await store.names()));

    const post = (files, headers = {}) => {
      const body = new FormData();
      for (const [field, file] of Object.entries(files)) {
        body.append(field, new Blob([file], { type: 'video/mp4' }), `${field}.mp4`);
      }
      return fetch(server.url, { method: 'POST', body, headers });
    };

    it('is a message that is decrypted with its owner’s context only', async () => {
      const response = await post({ film: bytes, note: Buffer.from('') }, { owner: 'ada' });
      assert.equal(response.status, 200);
      const [film, note] = await response.json();
      assert.deepEqual(
        [film.size, film.originalname, film.mimetype, note.size],
        [bytes.length, 'film.mp4', 'video/mp4', 0],
      );
      const message = await store.stored(film);
      assert.ok(!message.includes(bytes.subarray(0, 32)), 'not encrypted');
      same(await envelope.decrypt(message, { encryptionContext: { owner: 'ada' } }), bytes);
      const other = { encryptionContext: { owner: 'eve' } };
      await rejection(envelope.decrypt(message, other), 'CONTEXT_MISMATCH');
      assert.equal((await envelope.decrypt(await store.stored(note))).length, 0);
      assert.equal((await store.names()).length, present.length + 2);
    });

    it('of more than limits.fileSize is refused, and nothing is left', async () => {
      const response = await post({ note: 'short', film: Buffer.alloc(LIMIT + 1) });
      assert.deepEqual([response.status, (await response.json()).code], [400, 'LIMIT_FILE_SIZE']);
      assert.deepEqual(await store.names(), present);
    });

    it('of exactly limits.fileSize is stored, and can be removed', async () => {
      const response = await post({ film: Buffer.alloc(LIMIT) });
      const [film] = await response.json();
      assert.equal(film.size, LIMIT);
      await new Promise((resolve) => store.storage._removeFile({}, film, resolve));
      assert.deepEqual(await store.names(), present);
    });

    it('that breaks off leaves nothing', async () => {
      const boundary = 'a-boundary';
      const request = http.request(server.url, {
        method: 'POST',
        headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      });
      request.on('error', () => {});
      request.write(
        `--${boundary}\r\nContent-Disposition: form-data; name="film"; filename="a.mp4"\r\n\r\n`,
      );
      await new Promise((resolve) => request.write(bytes, resolve));
      await until(async () => (await store.names()).length > present.length);
      request.destroy();
      await new Promise((resolve) => request.once('close', resolve));
      await until(() => underWay === 0);
      assert.deepEqual(await store.names(), present);
    });
  });
}

describe('the file of an upload on disk', { skip: skipWithout('frameworks') }, () => {
  const storeAt = (options) => {
    const storage = encryptedDiskStorage({ envelope, destination: root, ...options });
    const { Readable } = require('node:stream');
    const file = { stream: Readable.from([Buffer.from('text')]), originalname: '../../a' };
    return new Promise((resolve, reject) => {
      storage._handleFile({}, file, (error, info) => (error ? reject(error) : resolve(info)));
    });
  };

  it('can be read by its owner only', { skip: process.platform === 'win32' }, async () => {
    const { path: file } = await storeAt({});
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  });

  it('is never outside of the destination', async () => {
    for (const filename of ['../a', 'a/b', '..', '']) {
      await rejection(storeAt({ filename }), 'INVALID_ARGUMENT');
    }
  });

  it('replaces no other upload', async () => {
    const filename = 'taken';
    const { path: file } = await storeAt({ filename });
    const before = fs.readFileSync(file);
    const names = fs.readdirSync(root);
    await rejection(storeAt({ filename }), 'FILE_EXISTS');
    same(fs.readFileSync(file), before);
    assert.deepEqual(fs.readdirSync(root), names);
  });

  it('may have as long a name as files can', async () => {
    const filename = 'n'.repeat(255);
    const { path: file } = await storeAt({ filename });
    assert.equal(String(await envelope.decrypt(fs.readFileSync(file))), 'text');
  });

  it('is not written without an envelope and a destination', () => {
    const refusal = (options) => thrown(() => encryptedDiskStorage(options), 'INVALID_ARGUMENT');
    assert.match(refusal({ destination: root }).message, /must be an Envelope/);
    assert.match(refusal({ envelope }).message, /destination/);
  });
});

/** Resolves once a condition holds. */
async function until(holds) {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
