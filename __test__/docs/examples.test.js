'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { promisify } = require('node:util');

const { LocalKeyring } = require('../..');
const { temporaryFolder } = require('../support/files');
const { nodeBinary } = require('../support/nodes');
const { requireOrSkip } = require('../support/requirements');

const EXAMPLES = path.join(__dirname, '..', '..', 'examples');

describe('the examples, on a local key', () => {
  const folder = temporaryFolder();
  const key = path.join(folder, 'key');
  LocalKeyring.generate(key);
  const env = { ...process.env, ENCRYPTION_KEY_ID: `local:${key}` };
  const run = (node, ...args) => promisify(execFile)(node, args, { cwd: folder, env });

  it('kms.ts prints a data key', async (t) => {
    const node = nodeBinary(24);
    if (!requireOrSkip(t, node, 'Node.js 24: run `node scripts/prepare.js peers`')) return;
    const { stdout } = await run(node, path.join(EXAMPLES, 'kms.ts'));
    const [, plaintext] = /^plaintext +(\S+)$/m.exec(stdout);
    assert.equal(Buffer.from(plaintext, 'base64').length, 32);
  });

  it('encrypt-file.ts encrypts and decrypts a file', async (t) => {
    const node = nodeBinary(24);
    if (!requireOrSkip(t, node, 'Node.js 24: run `node scripts/prepare.js peers`')) return;
    const file = path.join(folder, 'photo.jpg');
    fs.writeFileSync(file, Buffer.alloc(3_000_000, 'photo'));
    const { stdout } = await run(node, path.join(EXAMPLES, 'encrypt-file.ts'), file);
    assert.match(stdout, /decrypts to the same bytes/);
    assert.ok(!fs.readFileSync(`${file}.encrypted`).includes('photophoto'));
  });

  it('demo.js shows the main job', async () => {
    const { stdout } = await run(process.execPath, path.join(EXAMPLES, 'demo.js'));
    assert.match(stdout, /same bytes yes/);
    assert.match(stdout, /ERR_ENVELOPE_AUTHENTICATION_FAILED/);
    assert.match(stdout, /ERR_ENVELOPE_CONTEXT_MISMATCH/);
  });
});

describe('examples/README.md', () => {
  it('lists every example, and no other', () => {
    const index = fs.readFileSync(path.join(EXAMPLES, 'README.md'), 'utf8');
    const listed = [...index.matchAll(/^\| \[(\S+)\]\(\1\) \|/gm)].map(([, name]) => name);
    const there = fs.readdirSync(EXAMPLES).filter((name) => /\.(ts|js)$/.test(name));
    assert.deepEqual(listed.toSorted(), there.toSorted());
  });
});
