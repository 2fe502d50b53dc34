'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { it } = require('node:test');
const { promisify } = require('node:util');
const { Envelope, Fields, FolderKeysetStore, LocalKeyring } = require('../..');
const { folder } = require('../support/fields');

const run = promisify(execFile);
// The long run is for before a release: FIELDS_PROCESSES=20 FIELDS_MS=60000.
const PROCESSES = Number(process.env.FIELDS_PROCESSES ?? 4);
const DURATION_MS = Number(process.env.FIELDS_MS ?? 6000);
const REFRESH_MS = 400;

it('a fleet reads every value while its key rotates all the time', async (t) => {
  const place = folder(t);
  for (const name of ['started', 'values']) fs.mkdirSync(path.join(place, name));
  const keyring = LocalKeyring.generate(path.join(place, 'dev.key'));
  const store = new FolderKeysetStore(path.join(place, 'keys'));
  const created = await Fields.open({
    envelope: new Envelope({ keyring }),
    store,
    tenant: 'acme',
    create: true,
    refreshMs: REFRESH_MS,
  });
  created.close();
  const script = path.join(__dirname, '..', 'support', 'rotating.js');
  const all = await Promise.all(
    Array.from({ length: PROCESSES }, (_, i) =>
      run(process.execPath, [
        ...[script, place, `p${i}`, i === 0 ? 'rotates' : '-'],
        ...[PROCESSES, DURATION_MS].map(String),
      ]),
    ),
  );
  const counts = all.map(({ stdout }) => JSON.parse(stdout));
  const sum = (name) => counts.reduce((total, count) => total + count[name], 0);
  const [{ rotations }] = counts;
  t.diagnostic(
    `${rotations} rotations in ${DURATION_MS / 1000} s, ${sum('written')} written, ${sum('read')} read`,
  );
  assert.deepEqual(
    counts.flatMap(({ failed }) => failed),
    [],
  );
  assert.ok(rotations >= 2 && sum('read') > 0);
  const keys = new Set(counts.flatMap((count) => count.keys));
  assert.ok(keys.size >= 2, 'several keys have encrypted');
});
