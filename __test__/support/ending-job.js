'use strict';

// `ending-job.js OPERATION SOURCE DESTINATION [ENDING]`: an operation with files that is ended
// midway. Once it has written much, prints as JSON the names in the folder of the destination, and
// ends itself; with no ENDING, it waits for a signal.
const fs = require('node:fs');
const path = require('node:path');
const { isMainThread, parentPort, Worker } = require('node:worker_threads');

const { bytesWritten } = require('./written');

const MUCH = 4 * 1024 * 1024;
const AFTERWARDS_MS = 300;
/** Much less than the operation takes. */
const HANDLING_MS = 20;
const [, , operation, source, destination, ending] = process.argv;
const folder = path.dirname(destination);
const controller = new AbortController();

const endings = {
  exit: () => process.exit(7),
  // As a fault in a part of the program that has nothing to do with the file.
  throw: () => setImmediate(() => JSON.parse('not JSON')),
  abort: () => controller.abort(),
};

function main() {
  if (ending === 'terminate' && isMainThread) return terminate();
  const wait = () => {
    if (bytesWritten(process.pid, folder) < MUCH) return void setTimeout(wait, 1);
    if (!isMainThread) return parentPort.postMessage('under way');
    report();
    endings[ending]?.();
  };
  if (ending === 'handled') handleSignal();
  start().catch((error) => console.error(error.code));
  wait();
}

/** A handler of the user's, which ends the process in its own time. */
function handleSignal() {
  process.once('SIGTERM', () => setTimeout(() => process.exit(7), HANDLING_MS));
}

/** The thread that began the operation ends; this one goes on. */
function terminate() {
  const worker = new Worker(__filename, { argv: process.argv.slice(2) });
  worker.once('message', async () => {
    report();
    await worker.terminate();
    setTimeout(() => {}, AFTERWARDS_MS);
  });
}

function report() {
  fs.writeSync(1, JSON.stringify(fs.readdirSync(folder)));
}

function start() {
  const { Envelope, RawAesKeyring } = require('../..');
  const wrappingKey = Buffer.alloc(32, 1);
  const keyring = new RawAesKeyring({ keyNamespace: 'tests', keyName: 'key', wrappingKey });
  const envelope = new Envelope({ keyring });
  const overwrite = fs.existsSync(destination);
  const options = { overwrite, signal: controller.signal };
  if (operation !== 'reEncryptFile') return envelope[operation](source, destination, options);
  return envelope.reEncryptFile(source, destination, envelope, options);
}

main();
