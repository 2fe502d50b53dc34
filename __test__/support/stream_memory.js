'use strict';

// `stream_memory.js copy|envelope BYTES`: pipes that many zeros through two streams, which only
// copy, or encrypt and decrypt; prints, as JSON, how many came out and this process's peak memory.
// Needs --expose-gc: it collects its garbage so often that the peak shows what is held.
const { PassThrough, Readable, Writable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { Envelope, RawAesKeyring } = require('../..');

const CHUNK = 64 * 1024;
const COLLECT_EVERY = 4 * 1024 * 1024;
const [, , what, bytes] = process.argv;
const envelope = new Envelope({
  keyring: new RawAesKeyring({
    keyNamespace: 'tests',
    keyName: 'key',
    wrappingKey: Buffer.alloc(32, 1),
  }),
});

async function main() {
  const streams =
    what === 'copy'
      ? [new PassThrough(), new PassThrough()]
      : [envelope.encryptStream(), envelope.decryptStream()];
  let left = Number(bytes);
  const source = new Readable({
    read() {
      const length = Math.min(left, CHUNK);
      left -= length;
      this.push(length > 0 ? Buffer.alloc(length) : null);
    },
  });
  let length = 0;
  let collected = 0;
  const sink = new Writable({
    write(piece, _encoding, done) {
      length += piece.length;
      if (length - collected >= COLLECT_EVERY) {
        global.gc();
        collected = length;
      }
      done();
    },
  });
  await pipeline(source, ...streams, sink);
  console.log(JSON.stringify({ length, peak: process.resourceUsage().maxRSS * 1024 }));
}

main();
