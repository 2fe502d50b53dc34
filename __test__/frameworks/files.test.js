'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');

const { Envelope, LocalKeyring, inspect } = require('../..');
const { flip } = require('../support/edits');
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
      for (const headers of [{ 'if-match': '"a"' }, { 'if-unmodified-since': EARLIER }]) {
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

for (const [name, start] of Object.entries(SERVERS)) {
  describe(`what goes wrong with a file, by ${name}`, { skip: skipWithout('frameworks') }, () => {
    const servers = [];
    after(() => Promise.all(servers.map((server) => server.stop())));

    async function serve(file, options) {
      const server = await start(envelope, file, options);
      servers.push(server);
      return server;
    }

    it('a file that is not there, or not for this client, is 404', async () => {
      for (const file of [
        { source: path.join(folder, 'none') },
        () => undefined,
        async () => null,
      ]) {
        const { url } = await serve(file);
        const response = await fetch(url);
        assert.equal(response.status, 404);
        assert.doesNotMatch(await response.text(), /kms-envelope|ERR_ENVELOPE/);
      }
    });

    it('a file of another owner is an error, and no word of it reaches the client', async () => {
      const { url, errors } = await serve({ source: message, encryptionContext: { owner: 'eve' } });
      const response = await fetch(url);
      assert.equal(response.status, 500);
      assert.doesNotMatch(await response.text(), /owner|eve|ada|CONTEXT|context/);
      assert.equal(errors[0].code, 'ERR_ENVELOPE_CONTEXT_MISMATCH');
    });

    it('an application may choose the status of a code', async () => {
      const statuses = { ERR_ENVELOPE_CONTEXT_MISMATCH: 403 };
      const file = { source: message, encryptionContext: { owner: 'eve' } };
      const { url } = await serve(file, { statuses });
      const response = await fetch(url);
      assert.equal(response.status, 403);
      await response.text();
    });

    it('a file with a changed bit gives no byte of the changed frame, and says so in time', async () => {
      const changed = flip(message, 'frame 20 content');
      const { url, errors } = await serve(() => ({ source: changed }));
      // The frame is in the second mebibyte: the first is sent before it is read.
      const whole = await received(url);
      assert.ok(whole.error, 'did not break off');
      assert.ok(whole.bytes.length <= 19 * FRAME, `${whole.bytes.length} bytes`);
      same(whole.bytes, plaintext.subarray(0, whole.bytes.length));
      const inside = await fetch(url, { headers: { range: `bytes=${19 * FRAME}-${20 * FRAME}` } });
      assert.equal(inside.status, 500);
      await inside.text();
      assert.ok(errors.every(({ code }) => code === 'ERR_ENVELOPE_AUTHENTICATION_FAILED'));
      const elsewhere = await fetch(url, { headers: { range: `bytes=${20 * FRAME}-` } });
      same(await bytesOf(elsewhere), plaintext.subarray(20 * FRAME));
    });

    it('an error of the application itself passes on as it is', async () => {
      const { url, errors } = await serve(() => {
        throw Object.assign(new Error('who are you?'), { status: 401, statusCode: 401 });
      });
      const response = await fetch(url);
      assert.equal(response.status, 401);
      assert.equal(errors[0].message, 'who are you?');
      await response.text();
    });

    it('an empty file is sent, and has no ranges', async () => {
      const { url } = await serve({ source: envelope.encryptSync('') });
      const whole = await fetch(url);
      assert.deepEqual([whole.status, whole.headers.get('content-length')], [200, '0']);
      await whole.text();
      const range = await fetch(url, { headers: { range: 'bytes=0-' } });
      assert.deepEqual([range.status, range.headers.get('content-range')], [416, 'bytes */0']);
      await range.text();
    });

    it('a client that hangs up ends the work, and is no error', async () => {
      const large = envelope.encryptSync(Buffer.alloc(64 * MEBIBYTE));
      let reads = 0;
      const file = path.join(folder, `${name.replace(/\W/g, '')}.encrypted`);
      fs.writeFileSync(file, large);
      const handle = await fs.promises.open(file);
      const signals = [];
      const { url, errors } = await serve((_request, { signal }) => {
        signals.push(signal);
        const read = async (from, to) => {
          reads += 1;
          const { buffer } = await handle.read(Buffer.alloc(to - from), 0, to - from, from);
          return buffer;
        };
        return { source: { size: large.length, read } };
      });
      const gone = new AbortController();
      const response = await fetch(url, { signal: gone.signal });
      const reader = response.body.getReader();
      await reader.read();
      gone.abort();
      await reader.read().catch(() => {});
      const before = await settled(() => reads);
      assert.ok(before < 40, `${before} reads of 65`);
      assert.deepEqual(errors, []);
      await handle.close();
    });
  });
}

/** What arrives until it ends or breaks off. */
async function received(url) {
  const chunks = [];
  try {
    const { body } = await fetch(url);
    for await (const chunk of body) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks) };
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
}

/** The value of a count once it does not grow any more. */
async function settled(count) {
  for (let last = -1; last !== count();) {
    last = count();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return count();
}
