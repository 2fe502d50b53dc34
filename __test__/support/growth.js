'use strict';

// `growth.js turning|blocking`: prints, as JSON, by how many bytes this process grows with many
// calls that let the event loop turn, or that never do. Needs --expose-gc.
const { setImmediate: nextTurn } = require('node:timers/promises');
const { Envelope } = require('../..');
const { flip } = require('./edits');
const { rawAes } = require('./raw-aes');

const ROUNDS = 20_000;
const FAILURES = 200;
const turning = process.argv[2] === 'turning';
const envelope = new Envelope({
  keyring: rawAes('key', Buffer.alloc(32, 1)),
});
const small = Buffer.alloc(1000, 1);
const encryptionContext = { long: 'x'.repeat(4000) };
const changed = flip(envelope.encryptSync(Buffer.alloc(100_000, 1)), 'final tag');

async function main() {
  await calls();
  const warm = residentSet();
  await calls();
  console.log(JSON.stringify({ growth: residentSet() - warm }));
}

async function calls() {
  for (let i = 0; i < ROUNDS; i++) {
    await envelope.decrypt(await envelope.encrypt(small, { encryptionContext }));
    if (i % (ROUNDS / FAILURES) !== 0) continue;
    await envelope.decrypt(changed).catch(() => {});
    if (turning) await nextTurn();
  }
}

function residentSet() {
  global.gc();
  return process.memoryUsage.rss();
}

main();
