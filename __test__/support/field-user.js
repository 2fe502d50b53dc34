'use strict';

// A process that uses the keys of fields in every way, to be looked into. It says when it has done so,
// and goes on at each line: then it closes them.
const path = require('node:path');
const readline = require('node:readline');
const { setTimeout: sleep } = require('node:timers/promises');
const { Envelope, Fields, FolderKeysetStore, LocalKeyring } = require('../..');
const { flipLastByte } = require('./edits');

async function main(folder) {
  const envelope = new Envelope({ keyring: new LocalKeyring(path.join(folder, 'dev.key')) });
  const store = new FolderKeysetStore(path.join(folder, 'keys'));
  const fields = await Fields.open({ envelope, store, tenant: 'acme' });
  use(fields);
  await fields.refresh();
  const settled = async (word) => {
    global.gc();
    await sleep(50);
    global.gc();
    console.log(word);
  };
  await settled('used');
  await readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]().next();
  fields.close();
  await settled('closed');
  process.stdin.resume();
}

function use(fields) {
  const place = { table: 't', column: 'c', type: 'text' };
  for (const deterministic of [false, true]) {
    const column = fields.column({ ...place, deterministic, index: {} });
    for (let i = 0; i < 100; i++) {
      const sealed = column.encrypt('plaintext plaintext plaintext');
      column.decrypt(sealed);
      try {
        column.decrypt(flipLastByte(sealed));
      } catch {
        // Refused, as it must be.
      }
      column.index('plaintext');
    }
    column.decryptMany(column.encryptMany(['a', 'b', null]));
  }
}

main(process.argv[2]);
