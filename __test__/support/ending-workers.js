'use strict';

// Two worker threads use the addon and end, one after the other; prints as JSON how many threads the addon
// has after each. Linux only.
const { once } = require('node:events');
const fs = require('node:fs');
const { isMainThread, parentPort, Worker } = require('node:worker_threads');

/** The names of the addon's threads for calls, as much as Linux keeps. */
const NAME = 'kms-envelope-as';

async function main() {
  const workers = [new Worker(__filename), new Worker(__filename)];
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const left = [];
  for (const worker of workers) {
    await worker.terminate();
    left.push(threads());
  }
  console.log(JSON.stringify(left));
}

/** Makes a call that needs a thread of the addon, and stays. */
async function use() {
  const { Envelope, RawAesKeyring } = require('../..');
  const wrappingKey = Buffer.alloc(32, 1);
  const keyring = new RawAesKeyring({ keyNamespace: 'tests', keyName: 'key', wrappingKey });
  await new Envelope({ keyring }).generateDataKey();
  parentPort.on('message', () => {});
  parentPort.postMessage('used');
}

function threads() {
  return fs
    .readdirSync('/proc/self/task')
    .map((id) => fs.readFileSync(`/proc/self/task/${id}/comm`, 'utf8'))
    .filter((name) => name.startsWith(NAME)).length;
}

if (isMainThread) main();
else use();
