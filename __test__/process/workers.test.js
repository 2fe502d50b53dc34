'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: wait } = require('node:timers/promises');
const { describe, it } = require('node:test');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');

const { Envelope, LocalKeyring } = require('../..');
const { temporaryFolder } = require('../support/files');
const { bytesWritten } = require('../support/written');

const SCRIPT = path.join(__dirname, '..', 'support', 'worker-load.js');
/** For what waits until something happens. */
const LIMIT = { timeout: 60_000 };
const skip = process.platform !== 'linux' && 'Linux';
/** Of a file that takes a second, or some. */
const LENGTH = 1024 * 1024 * 1024;
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

  it(
    'share threads of the addon, which end with the last of them',
    { ...LIMIT, skip },
    async () => {
      const job = path.join(__dirname, '..', 'support', 'ending-workers.js');
      const own = fs.mkdtempSync(path.join(folder, 'ending-'));
      const { stdout } = await promisify(execFile)(process.execPath, [job, own]);
      const [afterFirst, afterLast] = JSON.parse(stdout);
      assert.ok(afterFirst > 0);
      assert.equal(afterLast, 0);
    },
  );

  it('give up the file under way when they are terminated', LIMIT, async () => {
    const own = fs.mkdtempSync(path.join(folder, 'long-'));
    const [source, place] = ['source', 'place'].map((name) => path.join(own, name));
    fs.writeFileSync(source, '');
    fs.truncateSync(source, LENGTH);
    const script = `
      const { workerData: { library, key, source, place } } = require('node:worker_threads');
      const { Envelope, LocalKeyring } = require(library);
      new Envelope({ keyring: LocalKeyring.generate(key) }).encryptFile(source, place);`;
    const library = path.join(__dirname, '..', '..');
    const key = path.join(own, 'key');
    const worker = new Worker(script, { eval: true, workerData: { library, key, source, place } });
    await until(() => bytesWritten(process.pid, own) > 0);
    await worker.terminate();
    await until(() => bytesWritten(process.pid, own) === 0);
    assert.deepEqual(fs.readdirSync(own).sort(), ['key', 'source']);
  });

  it('leave no plaintext file half-written when they are terminated', LIMIT, async () => {
    const plaintext = Buffer.alloc(3_000_000, 7);
    for (let i = 0; i < 5; i++) {
      const worker = start(1_000_000);
      const [sealed, opened] = ['sealed', 'opened'].map((name) => path.join(worker.folder, name));
      const isWriting = () => bytesWritten(process.pid, worker.folder) > 0;
      await until(() => fs.existsSync(opened));
      // It decrypts from when the message is replaced until the plaintext is.
      await until(() => changedAt(sealed) > changedAt(opened));
      await wait(i);
      await worker.terminate();
      // The file under way is given up, or put in place, by a thread of the pool.
      await until(() => !isWriting());
      assert.ok(plaintext.equals(fs.readFileSync(opened)), `after termination ${i}`);
      const names = fs.readdirSync(worker.folder);
      assert.deepEqual(names.sort(), ['key', 'opened', 'plain', 'sealed']);
    }
  });
});

function start(rounds) {
  const own = fs.mkdtempSync(path.join(folder, 'worker-'));
  const worker = new Worker(SCRIPT, { workerData: { folder: own, rounds } });
  return Object.assign(worker, { folder: own });
}

function changedAt(file) {
  return fs.statSync(file, { bigint: true }).mtimeNs;
}

/** Resolves once that holds. */
async function until(holds) {
  while (!holds()) await wait(1);
}

async function ended(worker) {
  const messages = [];
  worker.on('message', (message) => messages.push(message));
  const [code] = await once(worker, 'exit');
  return { messages, code };
}
