'use strict';

// A process of a fleet: writes and reads values, and says what failed. With `rotates` it rotates the
// key all the time.
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { Envelope, Fields, FolderKeysetStore, LocalKeyring } = require('../..');

async function main([folder, name, rotates, until]) {
  const envelope = new Envelope({ keyring: new LocalKeyring(path.join(folder, 'dev.key')) });
  const store = new FolderKeysetStore(path.join(folder, 'keys'));
  const fields = await Fields.open({ envelope, store, tenant: 'acme' });
  const column = fields.column({ table: 't', column: 'c', type: 'text' });
  const counts = { written: 0, read: 0, failed: [], keys: new Set(), rotations: 0 };
  const rotation = rotates === 'rotates' ? rotate(fields, counts, Number(until)) : undefined;
  const values = path.join(folder, 'values');
  while (Date.now() < Number(until)) {
    const sealed = column.encrypt(name, { row: counts.written });
    counts.keys.add(sealed.readUInt32BE(1));
    const file = path.join(values, `${name}.${counts.written++}`);
    fs.writeFileSync(`${file}.part`, sealed);
    fs.renameSync(`${file}.part`, file);
    readSome(column, values, counts);
    await sleep(5);
  }
  await rotation;
  console.log(JSON.stringify({ ...counts, keys: [...counts.keys] }));
}

/** Reads the newest values of all processes. */
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
  while (Date.now() < until) {
    const { promoted, waitMs } = await fields.rotate();
    if (promoted) counts.rotations++;
    await sleep(Math.max(1, waitMs));
  }
}

main(process.argv.slice(2));
