'use strict';

const assert = require('node:assert/strict');
const { execFile, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { FolderKeysetStore, LocalKeyring } = require('../..');
const { projectFolder } = require('../support/project');
const { skipWithout } = require('../support/requirements');
const { installNest } = require('./nest-app');

const ROOT = path.join(__dirname, '..', '..');
const TSC = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const MEBIBYTE = 1024 * 1024;
const LENGTH = 200 * MEBIBYTE;
/** How much more memory the application may take for a file of any length. */
const BOUND = 100 * MEBIBYTE;

const run = promisify(execFile);
const APPLICATIONS = {
  'express-app': {
    main: 'main.js',
    rotate: 'rotate.js',
    ends: [0, null],
    build: async () => {},
  },
  'nest-app': {
    // After its hooks, NestJS lets the signal end the process.
    ends: [null, 'SIGTERM'],
    main: 'dist/main.js',
    rotate: 'dist/rotate.js',
    async build(folder) {
      const types = path.join(folder, 'node_modules', '@types');
      fs.rmSync(types, { force: true });
      fs.symlinkSync(path.join(ROOT, 'node_modules', '@types'), types, 'junction');
      await run(process.execPath, [TSC], { cwd: folder }).catch((error) => {
        throw new Error(error.stdout);
      });
    },
  },
};

for (const [name, { main, rotate, ends, build }] of Object.entries(APPLICATIONS)) {
  describe(`the application of examples/${name}`, { skip: skipWithout('frameworks') }, () => {
    const folder = projectFolder();
    const env = { ...process.env, PORT: '0', REFRESH_MS: '100' };
    let child;
    let url;
    let ada;

    before(async () => {
      installNest(folder, '12');
      fs.cpSync(path.join(ROOT, 'examples', name), folder, { recursive: true });
      await build(folder);
      LocalKeyring.generate(path.join(folder, 'dev.key'));
      const stdio = ['ignore', 'pipe', 'ignore'];
      child = spawn(process.execPath, [main], { cwd: folder, env, stdio });
      child.exited = once(child, 'exit');
      const [output] = await Promise.race([once(child.stdout, 'data'), child.exited]);
      url = /http:\S+/.exec(String(output))[0];
      ada = await signUp('ada@example.org');
    });
    after(async () => {
      child?.kill('SIGKILL');
      await child?.exited;
    });

    async function signUp(email) {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ email });
      const response = await fetch(`${url}/users`, { method: 'POST', headers, body });
      return { status: response.status, ...(await response.json()) };
    }

    const get = (place, { token }, headers = {}) =>
      fetch(`${url}${place}`, { headers: { authorization: `Bearer ${token}`, ...headers } });

    /** Uploads a file of zeros, with a mark in the middle, that takes no room here. */
    async function upload({ token }) {
      const boundary = 'the-boundary';
      const type = `multipart/form-data; boundary=${boundary}`;
      const headers = { authorization: `Bearer ${token}`, 'content-type': type };
      const request = http.request(`${url}/files`, { method: 'POST', headers });
      request.write(
        `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="film"\r\n\r\n`,
      );
      const zeros = Buffer.alloc(MEBIBYTE);
      for (let at = 0; at < LENGTH; at += MEBIBYTE) {
        const piece = at === LENGTH / 2 ? Buffer.from('the middle'.padEnd(MEBIBYTE, '\0')) : zeros;
        if (!request.write(piece)) await once(request, 'drain');
      }
      request.end(`\r\n--${boundary}--\r\n`);
      const [response] = await once(request, 'response');
      return {
        status: response.statusCode,
        ...JSON.parse(Buffer.concat(await response.toArray())),
      };
    }

    it('signs an address up once, and shows it to its owner only', async () => {
      assert.equal(ada.status, 201);
      assert.equal((await signUp(' ADA@Example.org ')).status, 409);
      assert.deepEqual(await (await get('/users/me', ada)).json(), {
        id: ada.id,
        email: 'ada@example.org',
      });
      assert.equal((await get('/users/me', { token: 'none' })).status, 401);
    });

    it('takes and sends 200 MiB in constant memory, to its owner alone', async () => {
      const before = resetPeak(child.pid);
      const { status, id, size } = await upload(ada);
      assert.deepEqual([status, size], [201, LENGTH]);
      const middle = await get(`/files/${id}`, ada, {
        range: `bytes=${LENGTH / 2}-${LENGTH / 2 + 9}`,
      });
      assert.deepEqual([middle.status, await middle.text()], [206, 'the middle']);
      let received = 0;
      for await (const chunk of (await get(`/files/${id}`, ada)).body) received += chunk.length;
      assert.equal(received, LENGTH);
      const eve = await signUp('eve@example.org');
      const refused = await get(`/files/${id}`, eve);
      assert.equal(refused.status, 404);
      await refused.text();
      const rise = peak(child.pid) - before;
      assert.ok(rise < BOUND, `${Math.round(rise / MEBIBYTE)} MiB more`);
    });

    it('signs users up without a failure while its columns get a new key', async () => {
      const store = new FolderKeysetStore(path.join(folder, 'data', 'keys'));
      const { version } = await store.load('app');
      const work = { ended: false };
      const signUps = (async () => {
        const users = [];
        while (!work.ended) users.push(await signUp(`user${users.length}@example.org`));
        return users;
      })();
      const { stdout } = await run(process.execPath, [rotate], { cwd: folder, env }).finally(
        () => (work.ended = true),
      );
      assert.match(stdout, /is added[^]*encrypts from now on/);
      const users = await signUps;
      assert.ok(users.length > 0);
      assert.deepEqual(
        users.filter(({ status }) => status !== 201),
        [],
      );
      assert.equal((await store.load('app')).version, version + 2);
      // Those of before the rotation, and of after it.
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (const user of [ada, ...users, await signUp('late@example.org')]) {
        assert.equal((await (await get('/users/me', user)).json()).id, user.id);
      }
    });

    it('ends on SIGTERM, and has no address in plaintext in its folder', async () => {
      child.kill('SIGTERM');
      assert.deepEqual(await child.exited, ends);
      const data = path.join(folder, 'data');
      const files = fs
        .readdirSync(data, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
      assert.ok(files.some((file) => path.relative(data, file).startsWith('database')));
      assert.deepEqual(
        files.filter((file) => fs.readFileSync(file).includes('@example.org')),
        [],
      );
    });
  });
}

/** Forgets the peak of a process's memory; returns what it has now, in bytes, or 0 where no system tells. */
function resetPeak(pid) {
  if (process.platform !== 'linux') return 0;
  fs.writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return peak(pid);
}

/** Returns the most memory that a process has had, in bytes, or 0 where no system tells. */
function peak(pid) {
  if (process.platform !== 'linux') return 0;
  const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kibibytes) * 1024;
}
