'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');

const { Envelope } = require('../..');
const {
  HIERARCHY,
  Vectors,
  json,
  loadStore,
  setEnvironment,
  skipWithoutWhole,
} = require('../support/branch-keys');
const { temporaryFolder } = require('../support/files');
const { PEERS, PYTHON, skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

setEnvironment();

/** The programs over AWS's own libraries that lie beside the vectors. */
const PROGRAMS = {
  python: [PYTHON, path.join(HIERARCHY, 'tools', 'hierarchy_peer.py')],
  javascript: [process.execPath, path.join(HIERARCHY, 'tools', 'hierarchy_peer.mjs')],
};
const ENCRYPTION_CONTEXT = { tenant: 'x', '\u{1f600}': 'U+1F600', '\uff5e': 'U+FF5E' };

const skip = skipWithout('python', 'peers') || skipWithoutWhole();

describe('branch keys and AWS’s libraries', { skip }, () => {
  const moto = temporaryMoto({ keys: path.join(HIERARCHY, 'keys.json') });
  let vectors;
  before(async () => {
    await loadStore(moto.endpoint, json('store'));
    vectors = new Vectors(moto.endpoint);
  });

  for (const [name, program] of Object.entries(PROGRAMS)) {
    test(`${name} reads what we write, under its own branch keys`, async () => {
      const cases = [];
      for (const job of json('jobs').jobs) {
        const envelope = new Envelope({
          keyring: vectors.keyring(job.keyring),
          ...suiteOf(job.suite),
          frameLength: job.frame_length || undefined,
        });
        const plaintext = plaintextOf(job);
        const message = await envelope.encrypt(plaintext, {
          encryptionContext: job.encryption_context,
        });
        cases.push(caseOf(job, message, plaintext));
      }
      assert.ok(cases.length > 20);
      await readBy(program, cases);
    });

    test(`${name} uses the branch key that we created and rotated, and we use its`, async () => {
      const store = vectors.store('main');
      const id = `ours-for-${name}-\u{1f600}`;
      await store.create({ branchKeyId: id, encryptionContext: ENCRYPTION_CONTEXT });
      const keyring = { type: 'hierarchy', key_store: 'main', branch_key_id: id };
      const cases = [await messageOf(keyring, 'first')];
      await store.rotate(id);
      cases.push(await messageOf(keyring, 'second'));
      await readBy(program, cases);

      await run(program, ['version', '--store', path.join(HIERARCHY, 'store.json'), '--id', id]);
      assert.equal((await store.describe(id)).versions.length, 3);
      const theirs = `theirs-${name}`;
      await run(program, [
        ...['create', '--store', path.join(HIERARCHY, 'store.json'), '--id', theirs],
        ...['--context', JSON.stringify(ENCRYPTION_CONTEXT)],
      ]);
      const { encryptionContext } = await store.describe(theirs);
      assert.deepEqual(encryptionContext, ENCRYPTION_CONTEXT);
      await store.rotate(theirs);
      const after = [keyring, { ...keyring, branch_key_id: theirs }];
      await readBy(program, await Promise.all(after.map((given) => messageOf(given, 'third'))));
    });

    test(`we read what ${name} writes`, async () => {
      const folder = temporaryFolder();
      const jobs = path.join(HIERARCHY, 'jobs.json');
      await run(program, ['encrypt', '--jobs', jobs, '--out', folder]);
      const { cases } = JSON.parse(fs.readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
      assert.ok(cases.length > 20);
      for (const item of cases) {
        const envelope = new Envelope({
          keyring: vectors.keyring(item.keyring),
          commitmentPolicy: 'forbidEncryptAllowDecrypt',
        });
        const plaintext = await envelope.decrypt(bytesOf(folder, item, 'ciphertext'));
        assert.ok(plaintext.equals(bytesOf(folder, item, 'plaintext')), item.id);
      }
    });
  }

  async function messageOf(keyring, text) {
    const plaintext = Buffer.from(text);
    const envelope = new Envelope({ keyring: vectors.keyring(keyring) });
    const message = await envelope.encrypt(plaintext, { encryptionContext: ENCRYPTION_CONTEXT });
    const job = { id: text, keyring, encryption_context: ENCRYPTION_CONTEXT };
    return caseOf(job, message, plaintext);
  }

  /** Lets a program decrypt messages; it says of each whether it is as expected. */
  async function readBy(program, cases) {
    const folder = temporaryFolder();
    for (const name of ['keys', 'store']) {
      fs.copyFileSync(path.join(HIERARCHY, `${name}.json`), path.join(folder, `${name}.json`));
    }
    const manifest = { schema: 'esdk-vectors/1', keys: 'keys.json', store: 'store.json', cases };
    fs.writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
    await run(program, ['decrypt', '--manifest', path.join(folder, 'manifest.json')]);
  }

  function run([command, ...first], args) {
    const env = {
      ...process.env,
      KMS_ENDPOINT: moto.endpoint,
      PEER_NODE_MODULES: PEERS,
      PYTHONDONTWRITEBYTECODE: '1',
    };
    return new Promise((resolve, reject) => {
      const child = spawn(command, [...first, ...args], { env });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (data) => (text += data));
      }
      child.on('error', reject);
      child.on('close', (code) => {
        if (code === 0) resolve(text);
        else reject(new Error(`${first[0]} ${args[0]} ended with ${code}: ${text.slice(-2000)}`));
      });
    });
  }
});

function caseOf(job, message, plaintext) {
  return {
    id: job.id,
    group: 'ours',
    writer: 'kms-envelope',
    keyring: job.decrypt_keyring ?? job.keyring,
    commitment_policy: 'forbid-encrypt-allow-decrypt',
    result: 'ok',
    ciphertext_base64: message.toString('base64'),
    plaintext_base64: plaintext.toString('base64'),
    encryption_context: job.encryption_context,
  };
}

function suiteOf(suite) {
  const commits = suite === '0478' || suite === '0578';
  return {
    algorithmSuite: Number.parseInt(suite, 16),
    commitmentPolicy: commits ? 'requireEncryptAllowDecrypt' : 'forbidEncryptAllowDecrypt',
  };
}

function plaintextOf(job) {
  return bytesOf(HIERARCHY, job, 'plaintext');
}

function bytesOf(folder, item, name) {
  const inline = item[`${name}_base64`];
  if (inline !== undefined) return Buffer.from(inline, 'base64');
  return fs.readFileSync(path.join(folder, item[name]));
}
