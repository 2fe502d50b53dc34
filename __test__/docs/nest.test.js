'use strict';

const assert = require('node:assert/strict');
const { execFile, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { LocalKeyring } = require('../..');
const { installNest } = require('../frameworks/nest-app');
const { projectFolder } = require('../support/project');
const { codeBlocks } = require('../support/readme');
const { skipWithout } = require('../support/requirements');

const TSC = path.join(__dirname, '..', '..', 'node_modules', 'typescript', 'bin', 'tsc');
const TYPES = path.join(__dirname, '..', '..', 'node_modules', '@types');

describe('the application of docs/nest.md', { skip: skipWithout('frameworks') }, () => {
  const folder = projectFolder();
  let child;
  let url;

  before(async () => {
    installNest(folder, '12');
    fs.rmSync(path.join(folder, 'node_modules', '@types'), { force: true });
    fs.symlinkSync(TYPES, path.join(folder, 'node_modules', '@types'), 'junction');
    const manifest = { name: 'project', private: true, type: 'module' };
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
    const [tsconfig] = codeBlocks('docs/nest.md', 'json');
    fs.writeFileSync(path.join(folder, 'tsconfig.json'), tsconfig);
    fs.mkdirSync(path.join(folder, 'src'));
    for (const code of codeBlocks('docs/nest.md', 'ts')) {
      fs.writeFileSync(path.join(folder, /^\/\/ (\S+)\n/.exec(code)[1]), code);
    }
    LocalKeyring.generate(path.join(folder, 'dev.key'));
    await promisify(execFile)(process.execPath, [TSC], { cwd: folder }).catch((error) => {
      throw new Error(error.stdout);
    });
    await start();
  });
  after(() => stop('SIGKILL'));

  async function start() {
    const env = { ...process.env, PORT: '0' };
    const stdio = ['ignore', 'pipe', 'inherit'];
    child = spawn(process.execPath, ['dist/main.js'], { cwd: folder, env, stdio });
    child.exited = once(child, 'exit');
    const [output] = await Promise.race([once(child.stdout, 'data'), child.exited]);
    url = /http:\S+/.exec(String(output))[0];
  }

  async function stop(signal) {
    child?.kill(signal);
    return child?.exited;
  }

  async function signUp(email) {
    const response = await fetch(`${url}/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email }),
    });
    return { status: response.status, ...(await response.json()) };
  }

  const find = async (email) => (await fetch(`${url}/users?email=${email}`)).json();

  it('signs up an address once, whatever its letters', async () => {
    const { status, id } = await signUp('ada@example.org');
    assert.equal(status, 201);
    assert.equal((await signUp(' ADA@example.org')).status, 409);
    assert.deepEqual(await find('ADA@example.org'), [{ id, email: 'ada@example.org' }]);
    assert.deepEqual(await find('eve@example.org'), []);
  });

  it('is healthy while its key can be used', async () => {
    const response = await fetch(`${url}/health`);
    assert.equal(response.status, 200);
    assert.deepEqual((await response.json()).info, { encryption: { status: 'up' } });
  });

  it('ends on SIGTERM, finds its users after a start, and has no address in the database', async () => {
    await stop('SIGTERM');
    const files = fs.readdirSync(path.join(folder, 'database'), { recursive: true });
    for (const name of files) {
      const file = path.join(folder, 'database', name);
      if (!fs.statSync(file).isFile()) continue;
      assert.ok(!fs.readFileSync(file).includes('ada@example.org'), name);
    }
    await start();
    assert.equal((await find('ada@example.org')).length, 1);
  });

  it('does not start without its key', async () => {
    await stop('SIGTERM');
    fs.rmSync(path.join(folder, 'dev.key'));
    const run = promisify(execFile)(process.execPath, ['dist/main.js'], { cwd: folder });
    await assert.rejects(run, /ERR_ENVELOPE_KEY_FILE|does not exist/);
  });
});
