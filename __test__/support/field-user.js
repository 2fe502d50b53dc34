'use strict';

// A process that uses the keys of fields in every way, to be looked into. It says when it has done so,
// and goes on at each line: it destroys the first key of the index, and then closes them all.
const path = require('node:path');
const readline = require('node:readline');
const { setTimeout: sleep } = require('node:timers/promises');
const { Envelope, Fields, FolderKeysetStore, Keyset, LocalKeyring } = require('../..');
const { flipLastByte } = require('./edits');

async function main(folder) {
  const envelope = new Envelope({ keyring: new LocalKeyring(path.join(folder, 'dev.key')) });
  const store = new FolderKeysetStore(path.join(folder, 'keys'));
  const fields = await Fields.open({ envelope, store, tenant: 'acme' });
  use(fields);
  await change(fields);
  use(fields);
  await fields.refresh();
  // More indexes than the first memory for them holds.
  use(fields);
  const settled = async (word) => {
    global.gc();
    await sleep(50);
    global.gc();
    console.log(word);
  };
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  await settled('used');
  await lines.next();
  await destroyFirstIndexKey(fields);
  await settled('destroyed');
  await lines.next();
  fields.close();
  await settled('closed');
  process.stdin.resume();
}

/** Stores the keys anew, with one more, and takes them out and in again, encrypted. */
async function change(fields) {
  for (const purpose of ['encryption', 'deterministic', 'index']) {
    const keyId = await fields.addKey(purpose);
    await fields.promote(keyId, { force: true });
    const keyring = Keyset.generate('AES256_GCM');
    for (const form of ['tink-encrypted-binary', 'tink-encrypted-json']) {
      const bytes = await fields.keyset(purpose).export({ to: form, keyring });
      await Keyset.import(bytes, { from: form, keyring });
    }
  }
}

async function destroyFirstIndexKey(fields) {
  const [{ id }] = fields.keys('index');
  await fields.disable(id, { force: true });
  await fields.destroyKey(id, { force: true });
}

/** Columns whose derived keys are to be looked for. */
const columns = [];

function use(fields) {
  const place = { table: 't', column: 'c', type: 'text' };
  for (const deterministic of [false, true]) {
    const column = fields.column({ ...place, deterministic, index: {} });
    columns.push(column);
    for (let i = 0; i < 100; i++) {
      const sealed = column.encrypt('plaintext plaintext plaintext');
      column.decrypt(sealed);
      try {
        column.decrypt(flipLastByte(sealed));
      } catch {
        // Refused, as it must be.
      }
      column.indexes('plaintext');
    }
    column.decryptMany(column.encryptMany(['a', 'b', null]));
  }
}

main(process.argv[2]);
