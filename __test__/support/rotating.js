'use strict';

// A process of a fleet: writes and reads values, and says what failed. With `rotates` it rotates the
// key about every second, or as often as the rule for rotations lets it.
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { Envelope, Fields, FolderKeysetStore, LocalKeyring } = require('../..');

/** How many of its first values a process leaves as they are, under the first keys. */
const KEPT = 10;
/** How many values of a process there are at most: to list a folder of all of them would take all the time. */
const MOST = 50;
/** How long a process rests after each value, in milliseconds. */
const PAUSE_MS = 20;
const ROTATION_MS = 1000;

async function main([folder, name, rotates, processes, durationMs]) {
  const envelope = new Envelope({ keyring: new LocalKeyring(path.join(folder, 'dev.key')) });
  const store = new FolderKeysetStore(path.join(folder, 'keys'));
  const fields = await Fields.open({ envelope, store, tenant: 'acme' });
  const column = fields.column({ table: 't', column: 'c', type: 'text' });
  const counts = { written: 0, read: 0, failed: [], keys: new Set(), rotations: 0 };
  const values = path.join(folder, 'values');
  await allStarted(path.join(folder, 'started'), name, Number(processes));
  const until = Date.now() + Number(durationMs);
  const rotation = rotates === 'rotates' ? rotate(fields, counts, until) : undefined;
  while (Date.now() < until) {
    const row = rowOf(counts.written++);
    const sealed = column.encrypt(name, { row });
    counts.keys.add(sealed.readUInt32BE(1));
    const file = path.join(values, `${name}.${row}`);
    fs.writeFileSync(`${file}.part`, sealed);
    fs.renameSync(`${file}.part`, file);
    readSome(column, values, counts);
    await sleep(PAUSE_MS);
  }
  await rotation;
  console.log(JSON.stringify({ ...counts, keys: [...counts.keys] }));
}

/** Waits until each process has its keys: starting so many takes seconds. */
async function allStarted(folder, name, processes) {
  fs.writeFileSync(path.join(folder, name), '');
  while (fs.readdirSync(folder).length < processes) await sleep(PAUSE_MS);
}

/** Returns the row of a process's value with this number: the first ones stay, others are written again. */
function rowOf(number) {
  return number < KEPT ? number : KEPT + ((number - KEPT) % (MOST - KEPT));
}

/** Reads some values of all processes, old and new. */
function readSome(column, folder, counts) {
  const names = fs.readdirSync(folder).filter((name) => !name.endsWith('.part'));
  for (let i = 0; i < 5 && names.length > 0; i++) {
    const [file] = names.splice(Math.floor(Math.random() * names.length), 1);
    const [writer, row] = file.split('.');
    try {
      const value = column.decrypt(fs.readFileSync(path.join(folder, file)), { row: Number(row) });
      if (value !== writer) counts.failed.push(`${file}: ${value}`);
      counts.read++;
    } catch (error) {
      counts.failed.push(`${file}: ${error.code}`);
    }
  }
}

async function rotate(fields, counts, until) {
  let next = Date.now();
  while (Date.now() < until) {
    const { promoted, waitMs } = await fields.rotate();
    if (promoted) {
      counts.rotations++;
      next += ROTATION_MS;
    }
    await sleep(Math.max(1, promoted ? next - Date.now() : waitMs));
  }
}

main(process.argv.slice(2));
