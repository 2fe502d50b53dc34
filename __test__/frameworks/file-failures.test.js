'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { after, describe, it } = require('node:test');

const { Envelope, LocalKeyring } = require('../..');
const { decryptedFile } = require('../../integrations/express');
const { flip } = require('../support/edits');
const { same, temporaryFolder } = require('../support/files');
const { skipWithout } = require('../support/requirements');
const { SERVERS, listen } = require('./servers');

const MEBIBYTE = 1024 * 1024;
const FRAME = 65_536;

const folder = temporaryFolder();
const envelope = new Envelope({ keyring: LocalKeyring.generate(path.join(folder, 'key')) });
const plaintext = crypto.randomBytes(2 * MEBIBYTE + 12_345);
const message = envelope.encryptSync(plaintext, { encryptionContext: { owner: 'ada' } });

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
      same(Buffer.from(await elsewhere.arrayBuffer()), plaintext.subarray(20 * FRAME));
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

    it('a type or a cache control that no header can have is refused, and says so', async () => {
      for (const wrong of [{ type: 'text/plain\r\nX-Other: 1' }, { cacheControl: 'für – immer' }]) {
        const { url, errors } = await serve(() => ({ source: message, ...wrong }));
        const response = await fetch(url);
        assert.equal(response.status, 500);
        await response.text();
        assert.equal(errors[0].code, 'ERR_ENVELOPE_INVALID_ARGUMENT');
      }
    });

    it('a file whose name is very long can be fetched by a browser', async () => {
      const filename = `${'ä'.repeat(9000)}.pdf`;
      const { url } = await serve({ source: message, filename });
      const response = await fetch(url);
      assert.match(
        response.headers.get('content-disposition'),
        /filename="_{116}\.pdf"; filename\*=/,
      );
      same(Buffer.from(await response.arrayBuffer()), plaintext);
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

    it('a client that has gone before its turn costs no work, and is no error', async () => {
      let asked = 0;
      const find = () => {
        asked += 1;
        return { source: message };
      };
      const { url, errors, waited } = await serve(find, { waitUntilGone: true });
      const request = http.get(url).on('error', () => {});
      await once(request, 'socket');
      setTimeout(() => request.destroy(), 100);
      await waited;
      await settled(() => asked + errors.length);
      assert.deepEqual([asked, errors], [0, []]);
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

describe('an error by node:http, which has no handler after it', () => {
  const failures = {
    'with headers that cannot be sent': [
      {
        find: () =>
          reject({ status: 403, headers: { 'x-a': 'für – alle', 'x-b': undefined, 'x-c': 'c' } }),
      },
      [403, 'c'],
    ],
    'that onError cannot cope with': [
      { find: () => reject({ status: 404 }), onError: () => reject({}) },
      [404, null],
    ],
  };
  for (const [name, [{ find, onError }, expected]] of Object.entries(failures)) {
    it(`${name} is answered all the same`, async () => {
      const server = http.createServer(decryptedFile(envelope, find, { onError }));
      const { url, stop } = await listen(server, []);
      try {
        const response = await fetch(url);
        assert.deepEqual([response.status, response.headers.get('x-c')], expected);
        await response.text();
      } finally {
        await stop();
      }
    });
  }
});

function reject(details) {
  throw Object.assign(new Error('no'), details);
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
