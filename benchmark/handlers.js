'use strict';

// `node --expose-gc benchmark/handlers.js`
//
// Measures what an encrypted file costs over HTTP: `decryptedFile` beside the framework's own way to send a
// file as it lies there, and the encrypting storage of multer beside its `diskStorage`, in turn, over
// 127.0.0.1. Prints the time of a request, and the ratio. Over a network the ratio is nearer to 1.
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');

const prepare = require('../scripts/prepare');

const KIB = 1024;
const SIZES = { '16 KiB': 16 * KIB, '1 MiB': KIB * KIB, '16 MiB': 16 * KIB * KIB };
/** Of a range, which is asked of the longest file. */
const RANGE = { from: 5_000_000, length: 64 * KIB };

async function main() {
  prepare.benchmark();
  prepare.frameworks();
  const { startServer } = require('./peers/handlers');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-handlers-'));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const server = await startServer(folder);
  try {
    for (const [size, length] of Object.entries(SIZES))
      await measureSize(server, agent, size, length);
  } finally {
    agent.destroy();
    await server.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Downloads and uploads of one size, by each framework. */
async function measureSize({ frameworks, store }, agent, size, length) {
  const content = randomBytes(length);
  await store(content);
  const { from, length: part } = RANGE;
  const range = { range: `bytes=${from}-${from + part - 1}` };
  for (const [name, { origin, takesUploads }] of Object.entries(frameworks)) {
    const get = (side, headers = {}) => request(agent, `${origin}/${side}`, { headers });
    await compare(`${name}, GET ${size}`, (side) => get(side), content.length);
    if (length > from + part)
      await compare(`${name}, range of 64 KiB`, (side) => get(side, range), part);
    if (!takesUploads) continue;
    const form = upload(content);
    const post = (side) => request(agent, `${origin}/${side}`, form);
    await compare(`${name}, POST ${size}`, post, 0);
  }
}

/** Measures a request of the two sides in turn, and reports their ratio. */
async function compare(title, call, expected) {
  const { inRounds, sequential } = require('./lib/rounds');
  const sides = ['plain', 'encrypted'].map((side) => {
    const once = async () => {
      const received = await call(side);
      if (received !== expected) throw new Error(`${title}, ${side}: ${received} bytes came`);
    };
    return [side, sequential(once)];
  });
  const { plain, encrypted } = await inRounds(Object.fromEntries(sides), {
    quick: true,
    rounds: 9,
  });
  const millis = (side) => (side.median / 1e6).toFixed(2).padStart(8);
  const ratio = (encrypted.median / plain.median).toFixed(2);
  console.log(`${title.padEnd(28)}${millis(plain)} ms${millis(encrypted)} ms, ${ratio} times`);
}

/** An upload as browsers send it. */
function upload(content) {
  const boundary = 'benchmark-boundary';
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const type = `multipart/form-data; boundary=${boundary}`;
  return { method: 'POST', body, headers: { 'content-type': type, 'content-length': body.length } };
}

/** Resolves to how many bytes of an answer came, once all have. */
function request(agent, url, { body, ...options }) {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { agent, ...options }, (response) => {
      let length = 0;
      response.on('data', (chunk) => (length += chunk.length));
      response.on('error', reject).on('end', () => {
        if (response.statusCode < 300) resolve(length);
        else reject(new Error(`the answer is ${response.statusCode}`));
      });
    });
    sent.on('error', reject).end(body);
  });
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
