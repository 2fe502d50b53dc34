'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');

const { EnvelopeError, OutputPool } = require('../..');
const { bytes, envelope } = require('./envelopes');

const MIB = 1024 * 1024;

/** Memory that goes, shrinks or changes between the call and its answer. */
async function memoryThatChanges() {
  const own = envelope({ frameLength: 4096 });
  const message = own.encryptSync(bytes(3 * MIB));
  for (const change of [detach, shrink, (buffer) => new Uint8Array(buffer).fill(7)]) {
    for (const call of [
      (data) => own.encrypt(data),
      (data) => own.decrypt(data),
      (data) => own.reEncrypt(data, own),
      (data) => own.decryptRange(data),
      (_, into) => own.encrypt(message.subarray(0, 2 * MIB), { into }),
      (_, into) => own.decrypt(message, { into }),
    ]) {
      const data = resizable(message);
      const into = resizable(Buffer.alloc(4 * MIB));
      const running = call(data, into).catch(expected);
      change(data.buffer);
      change(into.buffer);
      await running;
    }
  }
}

/** Outputs of a pool that are released while they are written. */
async function outputsThatGo() {
  const own = envelope({ frameLength: 4096 });
  const message = own.encryptSync(bytes(3 * MIB));
  const outputs = new OutputPool();
  for (let i = 0; i < 3; i++) {
    const output = outputs.acquire();
    const running = own.decrypt(message, { into: output }).catch(expected);
    await new Promise((resolve) => setImmediate(resolve));
    output.release();
    own.decryptSync(message, { into: outputs.acquire() });
    await running;
  }
}

function resizable(data) {
  const view = new Uint8Array(new ArrayBuffer(data.length, { maxByteLength: data.length }));
  view.set(data);
  return view;
}

function detach(buffer) {
  structuredClone(buffer, { transfer: [buffer] });
}

function shrink(buffer) {
  buffer.resize(1000);
}

/** An error that may be there or not, but is ours. */
function expected(error) {
  assert.ok(error instanceof EnvelopeError, error);
}

/** Threads that end while the addon works for them. */
async function workersThatEnd() {
  for (let i = 0; i < 3; i++) {
    const worker = new Worker(busy, { eval: true, workerData: require.resolve('../..') });
    await once(worker, 'message');
    await worker.terminate();
  }
}

const busy = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { Envelope, RawAesKeyring } = require(workerData);
  const names = { keyNamespace: 'tests', keyName: 'key' };
  const keyring = new RawAesKeyring({ ...names, wrappingKey: Buffer.alloc(32, 1) });
  const envelope = new Envelope({ keyring, frameLength: 4096 });
  const work = async () => envelope.decrypt(await envelope.encrypt(Buffer.alloc(2 ** 21)));
  const forever = async () => { for (;;) await work(); };
  work().then(() => parentPort.postMessage('busy'));
  forever();
  forever();
`;

module.exports = { memoryThatChanges, outputsThatGo, workersThatEnd };
