'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { Envelope } = require('../..');
const { temporaryFolder } = require('../support/files');
const { rawAes } = require('../support/raw-aes');
const { bytesWritten } = require('../support/written');

const JOB = path.join(__dirname, '..', 'support', 'file-job.js');
const MOMENTS = 20;
// How many of them come while the file is being written; the others while it is put in place.
const MIDWAY = 14;
const AFTERWARDS_MS = 150;
const LENGTH = 64 * 1024 * 1024;
const LINUX = process.platform === 'linux';
const OLD = 'what was there before';

const folder = temporaryFolder();
// The key of file-job.js.
const wrappingKey = Buffer.alloc(32, 1);
const keyring = rawAes('key', wrappingKey);
const envelope = new Envelope({ keyring });
const plaintext = crypto.randomBytes(LENGTH);

describe('a process that is killed', () => {
  const sources = {
    encryptFile: path.join(folder, 'plaintext'),
    decryptFile: path.join(folder, 'message'),
  };
  before(async () => {
    fs.writeFileSync(sources.encryptFile, plaintext);
    await envelope.encryptFile(sources.encryptFile, sources.decryptFile);
  });

  for (const operation of ['encryptFile', 'decryptFile']) {
    it(`in ${operation} leaves what was there before, or the whole file`, async (t) => {
      const seen = { before: 0, midway: 0, complete: 0 };
      for (let moment = 0; moment < MOMENTS; moment++) {
        const old = moment % 2 === 0 ? undefined : OLD;
        const place = path.join(fs.mkdtempSync(path.join(folder, 'place-')), 'out');
        if (old) fs.writeFileSync(place, old);
        const written = Math.min(1, (moment + Math.random()) / MIDWAY) * LENGTH;
        const afterwards = moment < MIDWAY ? 0 : Math.random() * AFTERWARDS_MS;
        const wasMidway = await kill(operation, sources[operation], place, written, afterwards);
        const found = await state(operation, place, old);
        seen[found === 'before' && wasMidway ? 'midway' : found]++;
        // Where it replaces one, a whole file has another name for a moment.
        if (LINUX && !old) assert.deepEqual(without('out', path.dirname(place)), []);
        fs.rmSync(path.dirname(place), { recursive: true });
      }
      t.diagnostic(`${seen.before + seen.midway} of ${MOMENTS} absent: ${JSON.stringify(seen)}`);
      assert.ok(seen.midway > 0, 'some were killed midway');
    });
  }
});

/** Kills the operation when so many bytes are written, and some milliseconds have passed. */
async function kill(operation, source, place, written, afterwards) {
  const child = spawn(process.execPath, [JOB, operation, source, place]);
  const closed = once(child, 'close');
  let ended = false;
  child.once('exit', () => (ended = true));
  const bytes = () => Math.max(bytesWritten(child.pid, path.dirname(place)), lengthOf(place));
  while (!ended && bytes() < written) await sleep(1);
  await sleep(afterwards);
  const wasMidway = bytes() > OLD.length;
  child.kill('SIGKILL');
  await closed;
  return wasMidway;
}

/** What is there now; anything but what was there before or the whole file fails. */
async function state(operation, place, old) {
  const found = fs.existsSync(place) ? fs.readFileSync(place) : undefined;
  if (found?.toString('latin1', 0, OLD.length + 1) === old) return 'before';
  const output = operation === 'encryptFile' ? await envelope.decrypt(found) : found;
  assert.ok(output.equals(plaintext), 'the file is complete');
  return 'complete';
}

function lengthOf(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function without(name, folder) {
  return fs.readdirSync(folder).filter((found) => found !== name);
}
