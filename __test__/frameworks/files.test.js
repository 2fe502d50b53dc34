'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');

const { Envelope, LocalKeyring, inspect } = require('../..');
const { same, temporaryFolder } = require('../support/files');
const { skipWithout } = require('../support/requirements');
const { SERVERS } = require('./servers');

const MEBIBYTE = 1024 * 1024;
const FRAME = 65_536;
const MODIFIED = new Date('2026-03-01T12:00:00.500Z');
const EARLIER = 'Sun, 01 Mar 2026 11:59:59 GMT';
const SAME_TIME = 'Sun, 01 Mar 2026 12:00:00 GMT';

const folder = temporaryFolder();
const envelope = new Envelope({ keyring: LocalKeyring.generate(path.join(folder, 'key')) });
const encryptionContext = { owner: 'ada' };
const plaintext = crypto.randomBytes(2 * MEBIBYTE + 12_345);
const size = plaintext.length;
const message = envelope.encryptSync(plaintext, { encryptionContext });
const source = path.join(folder, 'film.encrypted');
const etag = `"${inspect(message).messageId.toString('hex')}"`;
const film = {
  source,
  encryptionContext,
  type: 'video/mp4',
  filename: 'Ferien "2026" – Ö.mp4',
  lastModified: MODIFIED,
};

for (const [name, start] of Object.entries(SERVERS)) {
  describe(`an encrypted file, sent by ${name}`, { skip: skipWithout('frameworks') }, () => {
    let server;

    before(async () => {
      fs.writeFileSync(source, message);
      server = await start(envelope, film);
    });
    after(() => server?.stop());

    const get = (headers = {}, method = 'GET') => fetch(server.url, { method, headers });

    it('arrives whole, with its type, name and validators', async () => {
      const response = await get();
      assert.equal(response.status, 200);
      const headers = Object.fromEntries(response.headers);
      assert.equal(headers['content-type'], 'video/mp4');
      assert.equal(headers['content-length'], String(size));
      assert.equal(headers['accept-ranges'], 'bytes');
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers.etag, etag);
      assert.equal(headers['last-modified'], SAME_TIME);
      assert.equal(
        headers['content-disposition'],
        `attachment; filename="Ferien _2026_ _ _.mp4"; filename*=UTF-8''Ferien%20%222026%22%20%E2%80%93%20%C3%96.mp4`,
      );
      same(await bytesOf(response), plaintext);
    });

    it('is given in ranges', async () => {
      const ranges = {
        'bytes=0-0': [0, 1],
        [`bytes=${FRAME - 3}-${MEBIBYTE + 7}`]: [FRAME - 3, MEBIBYTE + 8],
        'bytes=100-': [100, size],
        'bytes=-500': [size - 500, size],
        [`bytes=-${size + 1}`]: [0, size],
        [`bytes=${size - 1}-99999999999999999999`]: [size - 1, size],
        [`bytes=5-9, ${size}-`]: [5, 10],
      };
      for (const [range, [from, to]] of Object.entries(ranges)) {
        const response = await get({ range });
        assert.equal(response.status, 206, range);
        assert.equal(response.headers.get('content-range'), `bytes ${from}-${to - 1}/${size}`);
        assert.equal(response.headers.get('content-length'), String(to - from));
        same(await bytesOf(response), plaintext.subarray(from, to));
      }
    });

    it('has no bytes beyond its end: 416', async () => {
      for (const range of [`bytes=${size}-`, 'bytes=-0']) {
        const response = await get({ range });
        assert.equal(response.status, 416, range);
        assert.equal(response.headers.get('content-range'), `bytes */${size}`);
        assert.equal((await bytesOf(response)).length, 0);
      }
    });

    it('is sent whole where a range may be left out', async () => {
      for (const range of ['bytes=0-1,5-6', 'bytes=9-5', 'bytes=x-y', 'bytes=0-1,x', 'items=0-1']) {
        const response = await get({ range });
        assert.equal(response.status, 200, range);
        assert.equal((await bytesOf(response)).length, size);
      }
    });

    it('is sent in part only to who has the same bytes', async () => {
      const range = 'bytes=0-9';
      for (const condition of [etag, SAME_TIME]) {
        const response = await get({ range, 'if-range': condition });
        assert.equal(response.status, 206, condition);
        await bytesOf(response);
      }
      for (const condition of ['"other"', `W/${etag}`, EARLIER, 'nonsense']) {
        const response = await get({ range, 'if-range': condition });
        assert.equal(response.status, 200, condition);
        await bytesOf(response);
      }
    });

    it('is not sent again to who has it: 304', async () => {
      const conditions = [
        { 'if-none-match': etag },
        { 'if-none-match': `"a", W/${etag}` },
        { 'if-none-match': '*' },
        { 'if-modified-since': SAME_TIME },
        // The tag counts more.
        { 'if-none-match': etag, 'if-modified-since': EARLIER },
      ];
      for (const headers of conditions) {
        const response = await get(headers);
        assert.equal(response.status, 304, JSON.stringify(headers));
        assert.equal(response.headers.get('etag'), etag);
        assert.equal((await bytesOf(response)).length, 0);
      }
    });

    it('is sent to who has another', async () => {
      const conditions = [
        { 'if-none-match': '"a"' },
        { 'if-modified-since': EARLIER },
        { 'if-modified-since': 'nonsense' },
        // Which JavaScript takes for a date, and HTTP does not.
        { 'if-unmodified-since': '1' },
        { 'if-none-match': '"a"', 'if-modified-since': SAME_TIME },
        { 'if-match': `"a", ${etag}` },
        { 'if-unmodified-since': SAME_TIME },
      ];
      for (const headers of conditions) {
        const response = await get(headers);
        assert.equal(response.status, 200, JSON.stringify(headers));
        await bytesOf(response);
      }
    });

    it('is not sent where it must be another: 412', async () => {
      const forms = [EARLIER, 'Sunday, 01-Mar-26 11:59:59 GMT', 'Sun Mar  1 11:59:59 2026'];
      const unmodified = forms.map((time) => ({ 'if-unmodified-since': time }));
      for (const headers of [{ 'if-match': '"a"' }, ...unmodified]) {
        const response = await get(headers);
        assert.equal(response.status, 412, JSON.stringify(headers));
        await bytesOf(response);
      }
    });

    it('is described by HEAD, whatever the range', async () => {
      for (const headers of [{}, { range: 'bytes=0-9' }]) {
        const response = await get(headers, 'HEAD');
        assert.equal(response.status, 200);
        assert.equal(response.headers.get('content-length'), String(size));
        assert.equal(response.headers.get('content-type'), 'video/mp4');
        assert.equal(response.headers.get('etag'), etag);
        assert.equal((await bytesOf(response)).length, 0);
      }
    });

    it('is not sent by POST', async () => {
      const response = await get({}, 'POST');
      assert.equal(response.status, name === 'node:http' ? 405 : 404);
      await bytesOf(response);
    });
  });
}

/** @param {Response} response */
async function bytesOf(response) {
  return Buffer.from(await response.arrayBuffer());
}
