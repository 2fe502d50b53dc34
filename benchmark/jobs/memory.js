'use strict';

// `memory.js PARTY OPERATION LENGTH`: encrypts or decrypts so many bytes in one piece, in a process
// of its own. Prints, as JSON, by how much the peak of its memory rose, and the message's length.
const { CONTEXT } = require('../lib/keys');
const { peakMemory } = require('../lib/memory');
const { clientNode } = require('../peers/client-node');
const { handWritten } = require('../peers/hand-written');
const { envelope } = require('../peers/kms-envelope');

const [, , party, operation, length] = process.argv;
const options = { encryptionContext: CONTEXT };

function parties() {
  const ours = envelope();
  return {
    'kms-envelope': {
      encrypt: (data) => ours.encrypt(data, options),
      decrypt: (message) => ours.decrypt(message, options),
    },
    'client-node, our suite, 64 KiB frames': clientNode('our suite, 64 KiB frames'),
    'node:crypto, frames': handWritten(),
  };
}

async function main() {
  const { [party]: chosen } = parties();
  await chosen.decrypt(await chosen.encrypt(Buffer.alloc(100_000, 1)));
  const data = Buffer.alloc(Number(length), 1);
  // To decrypt, the message comes from whoever needs least to make it.
  const input = operation === 'encrypt' ? data : await envelope().encrypt(data, options);
  const before = peakMemory();
  const output = await chosen[operation](input);
  const rise = peakMemory() - before;
  console.log(JSON.stringify({ rise, output: output.length }));
}

main();
