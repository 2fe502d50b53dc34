'use strict';

const assert = require('node:assert/strict');
const { execFile, spawn } = require('node:child_process');
const crypto = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { describe, it } = require('node:test');
const { promisify } = require('node:util');
const { Envelope, Fields, FolderKeysetStore, LocalKeyring } = require('../..');
const { folder } = require('../support/fields');
const { holds, inMemory, mappings } = require('../support/process-memory');
const { requireOrSkip } = require('../support/requirements');

const skip = process.platform !== 'linux' && 'Linux only';

const FIRST = 'the first HMAC key';
/** They need not be kept as they are: HMAC keeps what it computes of them. */
const FIRST_DERIVED = 'the key of an index of a column, of the first HMAC key';
const SECOND_DERIVED = 'the key of an index of a column, of the second HMAC key';

describe('the keys of fields', { skip }, () => {
  it('are in locked memory alone while they are used, and nowhere after that', async (t) => {
    const place = folder(t);
    const keys = await create(place);
    const script = path.join(__dirname, '..', 'support', 'field-user.js');
    const child = spawn(process.execPath, ['--expose-gc', script, place], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.after(() => child.kill());
    const lines = readline.createInterface({ input: child.stdout });
    assert.deepEqual(await once(lines, 'line'), ['used']);

    const smaps = fs.readFileSync(`/proc/${child.pid}/smaps`, 'utf8').split(/\n(?=[0-9a-f]+-)/);
    for (const [name, key] of Object.entries(keys)) {
      const holding = mappings(child.pid).filter((mapping) => holds(child.pid, mapping, key));
      if (holding.length === 0 && [FIRST_DERIVED, SECOND_DERIVED].includes(name)) continue;
      assert.equal(holding.length, 1, `${name} is in one place`);
      const entry = smaps.find((text) => text.startsWith(holding[0].name));
      assert.match(entry, /^VmFlags:.* lo\b/m, `${name} is in locked memory`);
      assert.match(entry, /^VmFlags:.* dd\b/m, `${name} is left out of core dumps`);
    }
    await checkDump(t, child.pid, place, keys);

    child.stdin.write('\n');
    assert.deepEqual(await once(lines, 'line'), ['destroyed']);
    for (const name of [FIRST, FIRST_DERIVED]) {
      assert.equal(inMemory(child.pid, keys[name]), false, `${name} is gone once it is destroyed`);
    }

    child.stdin.write('\n');
    assert.deepEqual(await once(lines, 'line'), ['closed']);
    for (const [name, key] of Object.entries(keys)) {
      assert.equal(inMemory(child.pid, key), false, `${name} is gone`);
    }
    assert.ok(
      inMemory(child.pid, Buffer.from('plaintext plaintext')),
      'the search finds what is there',
    );
  });
});

async function checkDump(t, pid, place, keys) {
  const gcore = fs.existsSync('/usr/bin/gcore');
  if (!requireOrSkip(t, gcore, 'gcore: install gdb')) return;
  const prefix = path.join(place, 'core');
  await promisify(execFile)('/usr/bin/gcore', ['-o', prefix, String(pid)], { maxBuffer: 2 ** 26 });
  const dump = fs.readFileSync(`${prefix}.${pid}`);
  for (const [name, key] of Object.entries(keys)) assert.equal(dump.indexOf(key), -1, name);
}

/** Keys of a tenant in a folder, and what they are. */
async function create(folderOfKeys) {
  const envelope = new Envelope({
    keyring: LocalKeyring.generate(path.join(folderOfKeys, 'dev.key')),
  });
  const store = new FolderKeysetStore(path.join(folderOfKeys, 'keys'));
  const fields = await Fields.open({ envelope, store, tenant: 'acme', create: true });
  await fields.addKey('index');
  fields.close();
  const { data } = await store.load('acme');
  const stored = envelope.decryptSync(data);
  const after = (start, length, from = 0) => {
    const at = stored.indexOf(Buffer.from(start), from) + start.length;
    assert.ok(at >= start.length, 'the key is in the stored keysets');
    return Buffer.from(stored.subarray(at, at + length));
  };
  const hmac = [0x12, 0x02, 0x08, 0x03, 0x1a, 0x20];
  const first = after(hmac, 32);
  const second = after(hmac, 32, stored.indexOf(first));
  const place = ['kms-envelope/index/1', 'acme', 't', 'c', ''];
  return {
    [FIRST]: first,
    [FIRST_DERIVED]: indexKey(first, place),
    'the second HMAC key': second,
    [SECOND_DERIVED]: indexKey(second, place),
    'the AES-GCM key': after([0x12, 0x22, 0x1a, 0x20], 32),
    'the AES-SIV key': after([0x12, 0x42, 0x12, 0x40], 64),
    'half of the AES-SIV key': after([0x12, 0x42, 0x12, 0x40], 32),
  };
}

/** The key of an index, as docs/fields.md says. */
function indexKey(key, parts) {
  const hmac = crypto.createHmac('sha256', key);
  for (const part of parts) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    hmac.update(length).update(part);
  }
  return hmac.digest();
}
