'use strict';

// `peak-memory.js OPERATION FILE`: does one operation of an Envelope on a large buffer; prints, as
// JSON, its output's length and by how much the peak of this process's memory rose. To encrypt,
// the message is left in FILE; to decrypt, it is read from there.
const fs = require('node:fs');
const { Envelope } = require('../..');
const { rawAes } = require('./raw-aes');

const LENGTH = 256 * 1024 * 1024;
const [, , operation, file] = process.argv;
const encrypts = operation.startsWith('encrypt');
const envelope = new Envelope({
  keyring: rawAes('key', Buffer.alloc(32, 1)),
});

async function main() {
  await envelope.decrypt(await envelope.encrypt('warm-up'));
  const input = encrypts ? Buffer.alloc(LENGTH, 1) : fs.readFileSync(file);
  const before = peak();
  const output = await envelope[operation](input);
  const rise = peak() - before;
  if (encrypts) fs.writeFileSync(file, output);
  console.log(JSON.stringify({ length: output.length, rise }));
}

/** The most memory that this process has had, in bytes. */
function peak() {
  const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'));
  return Number(kibibytes) * 1024;
}

main();
