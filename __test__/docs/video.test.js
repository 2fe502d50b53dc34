'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');

const { Envelope, LocalKeyring, inspect } = require('../..');
const { flip, truncate } = require('../support/edits');
const { temporaryFolder } = require('../support/files');
const { nodeBinary } = require('../support/nodes');
const { requireOrSkip, skipWithout } = require('../support/requirements');

const EXAMPLE = path.join(__dirname, '..', '..', 'examples', 'video.ts');
const FRAME = 65_536;
const MEBIBYTE = 1024 * 1024;
const START_MS = 30_000;

describe('examples/video.ts', { skip: skipWithout('examples') }, () => {
  const folder = temporaryFolder();
  const key = path.join(folder, 'key');
  const envelope = new Envelope({ keyring: LocalKeyring.generate(key) });
  const node = nodeBinary(24);
  const ready = (t) => requireOrSkip(t, node, 'Node.js 24: run `node scripts/prepare.js peers`');
  // Neither whole frames nor whole pieces.
  const plaintext = crypto.randomBytes(3 * MEBIBYTE + 12_345);
  const size = plaintext.length;
  const message = encrypted(plaintext);
  const servers = [];
  let video;

  before(async () => {
    if (node) video = await serve('film.mp4', message);
  });
  after(() => Promise.all(servers.map(stop)));

  function encrypted(bytes, name = 'film.mp4') {
    return envelope.encryptSync(bytes, { encryptionContext: { file: name } });
  }

  /** Starts the example on a message, in a folder of its own. */
  async function serve(name, bytes) {
    const file = path.join(fs.mkdtempSync(path.join(folder, 'video-')), `${name}.encrypted`);
    fs.writeFileSync(file, bytes);
    const env = { ...process.env, ENCRYPTION_KEY_ID: `local:${key}`, PORT: '0' };
    const child = spawn(node, [EXAMPLE, file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const server = { child, exited: once(child, 'exit'), output: '', url: undefined };
    servers.push(server);
    const keep = (text) => (server.output += text);
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const deadline = AbortSignal.timeout(START_MS);
    while (!server.url && child.exitCode === null) {
      await Promise.race([once(child.stdout, 'data', { signal: deadline }), server.exited]);
      [server.url] = /http:\S+/.exec(server.output) ?? [];
    }
    return server;
  }

  async function stop({ child, exited }) {
    if (child.exitCode === null) child.kill('SIGTERM');
    const [code, signal] = await exited;
    return { code, signal };
  }

  const get = (range, headers = {}) =>
    fetch(video.url, { headers: { ...(range && { range }), ...headers } });

  async function assertWhole(response) {
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-range'), null);
    assert.equal(response.headers.get('content-length'), String(size));
    assert.ok(plaintext.equals(Buffer.from(await response.arrayBuffer())));
  }

  const ranges = {
    'the first byte': ['bytes=0-0', 0, 1],
    'both ends': ['bytes=1000-1999', 1000, 2000],
    'an open end': ['bytes=100-', 100, size],
    'a suffix': ['bytes=-500', size - 500, size],
    'a suffix longer than the video': [`bytes=-${size + 1}`, 0, size],
    'across a frame boundary': [`bytes=${FRAME - 3}-${FRAME + 2}`, FRAME - 3, FRAME + 3],
    'exactly one frame': [`bytes=${FRAME}-${2 * FRAME - 1}`, FRAME, 2 * FRAME],
    'across pieces': [`bytes=${MEBIBYTE - 7}-${2 * MEBIBYTE}`, MEBIBYTE - 7, 2 * MEBIBYTE + 1],
    'beyond the end': [`bytes=${size - 10}-${size + 999}`, size - 10, size],
    'one satisfiable range of two': [`bytes=5-9,${size}-`, 5, 10],
  };
  for (const [name, [range, start, end]] of Object.entries(ranges)) {
    it(`answers 206 to ${name}`, async (t) => {
      if (!ready(t)) return;
      const response = await get(range);
      assert.equal(response.status, 206);
      assert.equal(response.headers.get('content-range'), `bytes ${start}-${end - 1}/${size}`);
      assert.equal(response.headers.get('content-length'), String(end - start));
      assert.equal(response.headers.get('content-type'), 'video/mp4');
      const bytes = Buffer.from(await response.arrayBuffer());
      assert.ok(plaintext.subarray(start, end).equals(bytes));
    });
  }

  for (const range of [`bytes=${size}-`, `bytes=${size + 5}-${size + 9}`, 'bytes=-0']) {
    it(`answers 416 to ${range}`, async (t) => {
      if (!ready(t)) return;
      const response = await get(range);
      assert.equal(response.status, 416);
      assert.equal(response.headers.get('content-range'), `bytes */${size}`);
      assert.equal((await response.arrayBuffer()).byteLength, 0);
    });
  }

  const wholes = [undefined, 'bytes=0-1,5-6', 'bytes=x-y', 'items=99999999-'];
  for (const range of wholes) {
    it(`answers with the whole to ${range ?? 'no range'}`, async (t) => {
      if (!ready(t)) return;
      const response = await get(range);
      assert.equal(response.headers.get('accept-ranges'), 'bytes');
      await assertWhole(response);
    });
  }

  it('gives a range only of the video that the client already has', async (t) => {
    if (!ready(t)) return;
    const etag = `"${inspect(message).messageId.toString('hex')}"`;
    const same = await get('bytes=0-9', { 'if-range': etag });
    assert.deepEqual([same.status, same.headers.get('etag')], [206, etag]);
    await same.arrayBuffer();
    await assertWhole(await get('bytes=0-9', { 'if-range': '"another"' }));
  });

  it('answers HEAD with the length and no body, whatever the range', async (t) => {
    if (!ready(t)) return;
    for (const headers of [{}, { range: 'bytes=0-9' }]) {
      const response = await fetch(video.url, { method: 'HEAD', headers });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-length'), String(size));
      assert.equal(response.headers.get('accept-ranges'), 'bytes');
      assert.equal((await response.arrayBuffer()).byteLength, 0);
    }
  });

  it('serves a client that is there after one that hung up', async (t) => {
    if (!ready(t)) return;
    const request = http.get(video.url).on('error', () => {});
    const [response] = await once(request, 'response');
    await once(response, 'data');
    request.destroy();
    await assertWhole(await get());
    assert.doesNotMatch(video.output, /error/i);
  });

  it('serves an empty video', async (t) => {
    if (!ready(t)) return;
    const { url } = await serve('empty.webm', encrypted('', 'empty.webm'));
    const whole = await fetch(url);
    assert.deepEqual([whole.status, whole.headers.get('content-type')], [200, 'video/webm']);
    assert.equal((await whole.arrayBuffer()).byteLength, 0);
    const range = await fetch(url, { headers: { range: 'bytes=0-' } });
    assert.deepEqual([range.status, range.headers.get('content-range')], [416, 'bytes */0']);
  });

  describe('a video with one changed bit', () => {
    const changedAt = 2 * MEBIBYTE + 5 * FRAME;
    let changed;

    before(async () => {
      if (!node) return;
      const frame = 1 + changedAt / FRAME;
      changed = await serve('film.mp4', flip(message, `frame ${frame} content`));
    });

    it('breaks off before that frame, and is an error where it begins there', async (t) => {
      if (!ready(t)) return;
      const { bytes, error } = await download(changed.url);
      assert.ok(error, 'did not break off');
      assert.ok(bytes.length <= changedAt && plaintext.subarray(0, bytes.length).equals(bytes));
      for (const start of [changedAt - FRAME - 5, changedAt, changedAt + FRAME - 1]) {
        const range = await fetch(changed.url, { headers: { range: `bytes=${start}-` } });
        assert.equal(range.status, 500, `what starts at ${start}`);
        assert.doesNotMatch(await range.text(), /ERR_ENVELOPE/);
      }
      assert.match(changed.output, /ERR_ENVELOPE_AUTHENTICATION_FAILED/);
    });

    it('gives what lies elsewhere, also afterwards', async (t) => {
      if (!ready(t)) return;
      const { bytes, error } = await download(changed.url, `bytes=${changedAt + FRAME}-`);
      assert.ifError(error);
      assert.ok(plaintext.subarray(changedAt + FRAME).equals(bytes));
    });
  });

  const refusals = {
    'that was cut off': [
      truncate(message, { before: 'last byte' }),
      'AUTHENTICATION_FAILED|TRUNCATED_MESSAGE',
    ],
    'whose last frame is lost': [
      truncate(message, { before: 'final frame' }),
      'TRUNCATED_MESSAGE|MALFORMED',
    ],
    'of another name': [encrypted('x', 'other.mp4'), 'CONTEXT_MISMATCH'],
  };
  for (const [name, [bytes, code]] of Object.entries(refusals)) {
    it(`does not start with a video ${name}`, async (t) => {
      if (!ready(t)) return;
      const server = await serve('film.mp4', bytes);
      assert.equal((await server.exited)[0], 1);
      assert.match(server.output, new RegExp(`ERR_ENVELOPE_(${code})`));
    });
  }

  it('ends on SIGTERM, and hangs up on who is still there', async (t) => {
    if (!ready(t)) return;
    // More than all the buffers on the way hold.
    const server = await serve('film.mp4', encrypted(Buffer.alloc(64 * MEBIBYTE)));
    const request = http.get(server.url).on('error', () => {});
    const [response] = await once(request, 'response');
    assert.deepEqual(await stop(server), { code: 0, signal: null });
    await assert.rejects(response.toArray(), { code: 'ECONNRESET' });
  });
});

/** What arrives of a body until it ends or breaks off. */
async function download(url, range) {
  const chunks = [];
  try {
    const response = await fetch(url, { headers: range ? { range } : {} });
    assert.ok([200, 206].includes(response.status));
    for await (const chunk of response.body) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks) };
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return { bytes: Buffer.concat(chunks), error };
  }
}
