'use strict';

const assert = require('node:assert/strict');
const { execFile, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { LocalKeyring } = require('../..');
const { linkedProject } = require('../support/project');
const { codeBlocks } = require('../support/readme');
const { FRAMEWORKS, skipWithout } = require('../support/requirements');

const MODULES = path.join(FRAMEWORKS, 'node_modules');
const EXAMPLES = path.join(__dirname, '..', '..', 'examples', 'node_modules');

describe('the programs of docs/express.md', { skip: skipWithout('frameworks', 'examples') }, () => {
  const folder = linkedProject({
    ...Object.fromEntries(
      ['express', 'fastify', 'multer'].map((name) => [name, path.join(MODULES, name)]),
    ),
    '@aws-sdk': path.join(EXAMPLES, '@aws-sdk'),
  });
  const programs = Object.fromEntries(
    codeBlocks('docs/express.md', 'js').map((code) => [/^\/\/ (\S+)\n/.exec(code)[1], code]),
  );
  const children = [];

  before(() => {
    for (const [name, code] of Object.entries(programs)) {
      fs.writeFileSync(path.join(folder, name), code);
    }
    LocalKeyring.generate(path.join(folder, 'dev.key'));
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map((child) => child.exitCode ?? child.exited));
  });

  /** Starts a program of the page; returns the address that it prints. */
  async function start(name) {
    const env = { ...process.env, PORT: '0' };
    const stdio = ['ignore', 'pipe', 'inherit'];
    const child = spawn(process.execPath, [name], { cwd: folder, env, stdio });
    child.exited = once(child, 'exit');
    children.push(child);
    const [output] = await Promise.race([once(child.stdout, 'data'), child.exited]);
    return /http:\S+/.exec(String(output))[0];
  }

  it('are all tried', () => {
    const tried = ['app.mjs', 'plain.mjs', 'fastify.mjs', 's3-storage.mjs', 'after-tus.mjs'];
    assert.deepEqual(Object.keys(programs), tried);
  });

  it('app.mjs stores an upload encrypted, and gives it to its owner alone', async () => {
    const url = await start('app.mjs');
    const body = new FormData();
    body.append('file', new Blob(['a secret text']), 'a.txt');
    const headers = { 'x-user': 'ada' };
    const posted = await fetch(`${url}/files`, { method: 'POST', body, headers });
    const { id, size } = await posted.json();
    assert.equal(size, 13);
    const [stored] = fs.readdirSync(path.join(folder, 'uploads'));
    assert.ok(!fs.readFileSync(path.join(folder, 'uploads', stored)).includes('secret'));
    const get = async (name, more) => {
      const response = await fetch(`${url}/files/${name}`, { headers: more });
      return [response.status, await response.text()];
    };
    assert.deepEqual(await get(id, { ...headers, range: 'bytes=2-7' }), [206, 'secret']);
    assert.equal((await get(id, { 'x-user': 'eve' }))[0], 404);
    assert.equal((await get('..%2Fdev.key', headers))[0], 404);
  });

  for (const name of ['plain.mjs', 'fastify.mjs']) {
    it(`${name} sends a range of an encrypted file`, async () => {
      const response = await fetch(await start(name), { headers: { range: 'bytes=0-9' } });
      assert.deepEqual(
        [response.status, await response.text()],
        [206, '// app.mjs\n'.slice(0, 10)],
      );
    });
  }

  it('s3-storage.mjs makes a storage, and after-tus.mjs encrypts what tus has assembled', async () => {
    const program = `import { storage } from './s3-storage.mjs';
      import { encryptUpload } from './after-tus.mjs';
      import { writeFileSync, existsSync } from 'node:fs';
      writeFileSync('upload', 'text');
      await encryptUpload('upload', 'ada');
      console.log(typeof storage._handleFile, existsSync('upload'), existsSync('upload.encrypted'));`;
    const options = { cwd: folder, env: { ...process.env, NODE_PATH: EXAMPLES } };
    const args = ['--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    assert.equal(stdout, 'function false true\n');
  });
});
