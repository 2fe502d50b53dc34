'use strict';

// `transfer.js PARTY OPERATION SOURCE DESTINATION`: sends a file through a party's stream, or has
// the party make the file itself, in a process of its own. Prints, as JSON, the nanoseconds it took
// and the most memory that the process had before and after.
const crypto = require('node:crypto');
const fs = require('node:fs');
const { pipeline } = require('node:stream/promises');

const { startClock } = require('../lib/clock');
const { CONTEXT, KEY } = require('../lib/keys');
const { peakMemory } = require('../lib/memory');
const { envelope } = require('../peers/kms-envelope');

const [, , party, operation, source, destination] = process.argv;
const options = { encryptionContext: CONTEXT };

// What a process has loaded decides how large V8 makes its young generation, and so how many buffers wait there to
// be collected. So the package is loaded for the others, too.
const ours = envelope();

const PARTIES = {
  'bare copy': () => ({ stream: () => [] }),
  'node:crypto': () => ({
    stream: () => [crypto.createCipheriv('aes-256-gcm', KEY.bytes, crypto.randomBytes(12))],
  }),
  'kms-envelope': () => ({ stream: () => [ours[`${operation}Stream`](options)] }),
  'kms-envelope, file': () => ({
    file: () => ours[`${operation}File`](source, destination, options),
  }),
  'client-node, defaults': () => client('defaults'),
  'client-node, our suite, 4 KiB frames': () => client('our suite, 4 KiB frames'),
  'client-node, our suite, 64 KiB frames': () => client('our suite, 64 KiB frames'),
};

async function main() {
  const { stream, file } = PARTIES[party]();
  const before = peakMemory();
  const clock = startClock();
  if (file) await file();
  else await pipeline(fs.createReadStream(source), ...stream(), fs.createWriteStream(destination));
  const elapsed = clock();
  console.log(JSON.stringify({ elapsed, before, after: peakMemory() }));
}

function client(writes) {
  const { clientNode } = require('../peers/client-node');
  return { stream: () => [clientNode(writes)[`${operation}Stream`]()] };
}

main();
