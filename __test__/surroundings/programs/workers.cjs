'use strict';

const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const { exercise } = require('./exercise.cjs');

/** Two workers with variables of their own, one after the other; then this thread. */
async function main() {
  for (const env of [{}, { KMS_ENVELOPE_NATIVE_PATH: process.argv[2] }]) {
    console.log(await inWorker({ env, argv: process.argv.slice(2) }));
  }
  console.log(await exercise(require('kms-envelope')));
}

function inWorker(options) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(__filename, options);
    let outcome;
    worker.on('message', (message) => (outcome = message));
    worker.on('error', reject);
    worker.on('exit', () => resolve(outcome));
  });
}

if (isMainThread) main();
else exercise(require('kms-envelope')).then((outcome) => parentPort.postMessage(outcome));
