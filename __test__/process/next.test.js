'use strict';

const assert = require('node:assert/strict');
const { execFile, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { after, describe, it } = require('node:test');
const { promisify } = require('node:util');
const { freePort } = require('../../scripts/free-port.js');
const { tested } = require('../support/deployments');
const { temporaryFolder } = require('../support/files');
const { installPacked } = require('../support/packed');
const { RUNTIMES, skipWithout } = require('../support/requirements');
const { MODULES, userEnvironment } = require('../support/runtimes');

const otherAddon = process.env.KMS_ENVELOPE_NATIVE_PATH && 'not the addon that is packed';
const skip = otherAddon || skipWithout('runtimes');
const NEXT = path.join(MODULES, 'next', 'dist', 'bin', 'next');
/** Turbopack takes nothing from outside of the folder that Next.js lies in. */
const APPS = path.join(RUNTIMES, 'target');
const PLACES = {
  '--turbopack': tested('Next.js, Turbopack'),
  '--webpack': tested('Next.js, webpack'),
};

describe('the packed package in an app of Next.js', { skip }, () => {
  const apps = [];
  after(() => apps.forEach((app) => fs.rmSync(app, { recursive: true, force: true })));

  for (const [flag, place] of Object.entries(PLACES)) {
    it(`works in ${place}, also in what it gathers to be deployed alone`, async () => {
      fs.mkdirSync(APPS, { recursive: true });
      const app = fs.mkdtempSync(path.join(APPS, 'next-'));
      apps.push(app);
      fs.cpSync(path.join(RUNTIMES, 'next'), app, { recursive: true });
      fs.writeFileSync(path.join(app, 'package.json'), '{ "private": true }');
      installPacked(app);
      const options = { cwd: app, env: userEnvironment() };
      await promisify(execFile)(process.execPath, [NEXT, 'build', flag], options);
      assert.equal(await answer(app, [NEXT, 'start', '--hostname', '127.0.0.1']), 'hello');

      const alone = temporaryFolder();
      fs.cpSync(path.join(app, '.next', 'standalone'), alone, { recursive: true });
      const own = path.join(alone, path.relative(RUNTIMES, app));
      assert.equal(await answer(own, ['server.js']), 'hello');
    });
  }
});

/** What an app's route answers, asked to encrypt and decrypt "hello". */
async function answer(cwd, args) {
  const port = await freePort();
  const env = userEnvironment({ PORT: String(port), HOSTNAME: '127.0.0.1' });
  const server = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(server, 'exit');
  try {
    let said = '';
    const ready = new Promise((resolve) => {
      for (const output of [server.stdout, server.stderr]) {
        output.on('data', (text) => {
          said += text;
          if (said.includes('Ready')) resolve();
        });
      }
    });
    await Promise.race([ready, exit]);
    assert.ok(said.includes('Ready'), said);
    const url = `http://127.0.0.1:${port}/api/message`;
    const response = await fetch(url, { method: 'POST', body: 'hello' });
    return response.ok ? await response.text() : said;
  } finally {
    server.kill();
    await exit;
  }
}
