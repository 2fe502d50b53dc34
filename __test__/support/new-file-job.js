'use strict';

// `new-file-job.js PLACE STEP...`: writes a file, takes these steps in turn, prints the names in
// its folder as JSON, and waits for a signal. Linux only.
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

const binding = require('../../lib/native/load.js');

const [, , place, ...steps] = process.argv;
const SIGTERM = 15;
/** Much more than it takes to act on a signal. */
const HANDLING_MS = 200;

let file;
const handler = () => process.exit(7);

const STEPS = {
  begin: () => {
    file = binding.NewFile.create(place, false);
    return file.append(Buffer.from('plaintext'));
  },
  place: () => file.place(),
  discard: () => file.discard(),
  exit: () => process.exit(),
  handle: () => process.on('SIGTERM', handler),
  unhandle: () => process.off('SIGTERM', handler),
  goOn: () => process.on('SIGTERM', () => {}),
  async handled() {
    process.kill(process.pid, 'SIGTERM');
    await sleep(HANDLING_MS);
  },
  async untilCaught() {
    while (!catches(SIGTERM)) await sleep(5);
  },
  async ignored() {
    process.kill(process.pid, 'SIGXFSZ');
    await sleep(HANDLING_MS);
  },
};

async function main() {
  for (const step of steps) await STEPS[step]();
  fs.writeSync(1, JSON.stringify(fs.readdirSync(path.dirname(place))));
  setInterval(() => {}, 1000);
}

/** Whether this process has a handler of a signal. */
function catches(signal) {
  const [, caught] = /^SigCgt:\s*([0-9a-f]+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'));
  return (BigInt(`0x${caught}`) >> BigInt(signal - 1)) % 2n === 1n;
}

main();
