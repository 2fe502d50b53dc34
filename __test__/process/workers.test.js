'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: wait } = require('node:timers/promises');
const { describe, it } = require('node:test');
const { Worker } = require('node:worker_threads');

const { Envelope, LocalKeyring } = require('../..');
const { temporaryFolder } = require('../support/files');

const SCRIPT = path.join(__dirname, '..', 'support', 'worker-load.js');
const folder = temporaryFolder();

describe('worker threads', () => {
  it('use the addon side by side', async () => {
    const workers = Array.from({ length: 4 }, () => start(3));
    for (const outcome of await Promise.all(workers.map(ended))) {
      assert.deepEqual(outcome, { messages: ['started', 'done'], code: 0 });
    }
  });

  it('may be terminated midway, and leave the others and this thread unharmed', async () => {
    const envelope = new Envelope({ keyring: LocalKeyring.generate(path.join(folder, 'own')) });
    const lasting = start(5);
    const lasts = ended(lasting);
    for (let i = 0; i < 12; i++) {
      const worker = start(1_000_000);
      await once(worker, 'message');
      await wait(10 + 17 * i);
      assert.equal(await worker.terminate(), 1);
      const message = await envelope.encrypt('still here');
      assert.equal(String(await envelope.decrypt(message)), 'still here');
    }
    assert.deepEqual(await lasts, { messages: ['started', 'done'], code: 0 });
  });

  it('leave no plaintext file half-written when they are terminated', async () => {
    const worker = start(1_000_000);
    await once(worker, 'message');
    await wait(300);
    await worker.terminate();
    // It ends a file under way, unless that is being put in place.
    await wait(1000);
    const names = fs.readdirSync(worker.folder).filter((name) => !name.startsWith('.'));
    if (!names.includes('opened')) return;
    assert.ok(
      Buffer.alloc(3_000_000, 7).equals(fs.readFileSync(path.join(worker.folder, 'opened'))),
    );
  });
});

function start(rounds) {
  const own = fs.mkdtempSync(path.join(folder, 'worker-'));
  const worker = new Worker(SCRIPT, { workerData: { folder: own, rounds } });
  return Object.assign(worker, { folder: own });
}

async function ended(worker) {
  const messages = [];
  worker.on('message', (message) => messages.push(message));
  const [code] = await once(worker, 'exit');
  return { messages, code };
}
