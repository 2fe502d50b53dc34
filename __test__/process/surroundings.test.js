'use strict';

const assert = require('node:assert/strict');
const { execFile, spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { promisify } = require('node:util');
const { tested } = require('../support/deployments');
const { temporaryFolder } = require('../support/files');
const { nodeBinary } = require('../support/nodes');
const { installPacked } = require('../support/packed');
const { SURROUNDINGS, requireOrSkip, skipWithout } = require('../support/requirements');

const otherAddon = process.env.KMS_ENVELOPE_NATIVE_PATH && 'not the addon that is packed';
const MAJOR = Number(process.versions.node.split('.')[0]);
const PERMISSION = MAJOR < 23 ? '--experimental-permission' : '--permission';
const WORKS = '{"outcome":"works"}\n';

describe('the packed package', { skip: otherAddon || skipWithout('surroundings') }, () => {
  const project = temporaryFolder();
  const modules = path.join(project, 'node_modules');
  let installed;

  before(() => {
    for (const name of fs.readdirSync(SURROUNDINGS)) {
      if (name === 'node_modules') continue;
      fs.cpSync(path.join(SURROUNDINGS, name), path.join(project, name), { recursive: true });
    }
    installed = installPacked(project);
    for (const name of fs.readdirSync(path.join(SURROUNDINGS, 'node_modules'))) {
      if (name.startsWith('.')) continue;
      fs.symlinkSync(path.join(SURROUNDINGS, 'node_modules', name), path.join(modules, name));
    }
  });

  it('works in jest, also with its fake timers, and in its jsdom', async () => {
    const config = JSON.stringify({ rootDir: project, testMatch: ['**/jest/*.test.js'] });
    const args = ['--config', config, '--runInBand', '--no-cache', '--no-watchman', '--forceExit'];
    const { stderr } = await run([bin('jest', 'bin/jest.js'), ...args]);
    assert.match(stderr, /Tests: +4 passed, 4 total/);
  });

  for (const pool of ['threads', 'forks']) {
    it(`works in vitest's ${pool}, also with its fake timers`, async () => {
      const args = ['run', '--root', project, '--dir', 'vitest', `--pool=${pool}`];
      const { stdout } = await run([bin('vitest', 'vitest.mjs'), ...args], { POOL: pool });
      assert.match(stdout, pool === 'forks' ? /Tests +2 passed \| 1 skipped/ : /Tests +3 passed/);
    });
  }

  it('works in mocha, also with the fake timers of sinon', async () => {
    const { stdout } = await run([bin('mocha', 'bin/mocha.js'), 'mocha/suite.cjs']);
    assert.match(stdout, /3 passing/);
  });

  it('works in TypeScript that tsx runs', async () => {
    const { stdout } = await run([bin('tsx', 'dist/cli.mjs'), 'tsx/program.mts']);
    assert.equal(stdout, 'works function undefined\n');
  });

  it('works again when node --watch starts its program again', async () => {
    const program = path.join(project, 'programs', 'main.cjs');
    const child = spawn(process.execPath, ['--watch', program], { cwd: project });
    try {
      let times = 0;
      for await (const text of child.stdout.setEncoding('utf8')) {
        times += text.split(WORKS).length - 1;
        if (times === 2) break;
        if (text.includes('works')) fs.appendFileSync(program, '\n');
      }
      assert.equal(times, 2);
    } finally {
      child.kill();
    }
  });

  it(`works under the ${tested('permission model of Node.js')}, where addons are allowed`, async () => {
    const allowed = ['--allow-fs-read=*', '--allow-fs-write=*', '--allow-addons'];
    const { stdout } = await run([PERMISSION, ...allowed, 'programs/main.cjs']);
    assert.equal(stdout, WORKS);
  });

  for (const major of [22, 24, 26]) {
    it(`works in Node.js ${major}, and under its permission model`, async (t) => {
      const node = nodeBinary(major);
      if (!requireOrSkip(t, node, `Node.js ${major}`)) return;
      const flag = major < 23 ? '--experimental-permission' : '--permission';
      const allowed = ['--allow-fs-read=*', '--allow-fs-write=*', '--allow-addons'];
      for (const flags of [[], [flag, ...allowed]]) {
        const { stdout } = await run([...flags, 'programs/main.cjs'], {}, node);
        assert.equal(stdout, WORKS);
      }
    });
  }

  it(`works in ${tested('worker threads')} with variables of their own`, async () => {
    const { stdout } = await run(['programs/workers.cjs', installed.addon]);
    assert.equal(stdout, 'works\nworks\nworks\n');
  });

  it('works beside a second copy of itself', async () => {
    const other = path.join(project, 'programs', 'other', 'node_modules');
    fs.cpSync(installed.main, path.join(other, 'kms-envelope'), { recursive: true });
    const platform = path.join(other, path.basename(installed.platform));
    fs.cpSync(installed.platform, platform, { recursive: true });
    const index = path.join(project, 'programs', 'other', 'index.js');
    fs.writeFileSync(index, "module.exports = require('kms-envelope');\n");
    const { stdout } = await run(['programs/copies.cjs']);
    assert.equal(stdout, 'works and works\n');
  });

  it(`works from ${tested('one file by esbuild')} with the binary beside it, and else says what is missing`, async () => {
    const folder = temporaryFolder();
    const bundle = await bundled(folder);
    const { code, message } = JSON.parse((await run([bundle])).stdout);
    assert.equal(code, 'ERR_ENVELOPE_ADDON');
    assert.match(message, /is a bundle.*kms-envelope\.[\w-]+\.node beside.*docs\/deploying\.md/);
    fs.copyFileSync(installed.addon, path.join(folder, path.basename(installed.addon)));
    assert.equal((await run([bundle])).stdout, WORKS);
  });

  it(`works in a ${tested('single executable application')} with the binary beside it`, async () => {
    const folder = temporaryFolder();
    const [blob, executable] = [path.join(folder, 'blob'), path.join(folder, 'program.exe')];
    const main = await bundled(folder);
    const config = path.join(folder, 'sea.json');
    const settings = { main, output: blob, disableExperimentalSEAWarning: true };
    fs.writeFileSync(config, JSON.stringify(settings));
    await run(['--experimental-sea-config', config]);
    fs.copyFileSync(process.execPath, executable);
    fs.chmodSync(executable, 0o755);
    const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
    const postject = [bin('postject', 'dist/cli.js'), executable, 'NODE_SEA_BLOB', blob];
    await run([...postject, '--sentinel-fuse', fuse]);
    fs.copyFileSync(installed.addon, path.join(folder, path.basename(installed.addon)));
    assert.equal((await run([], {}, executable)).stdout, WORKS);
  });

  /** Bundles the program, and the package with it. */
  async function bundled(folder) {
    const outfile = path.join(folder, 'bundle.cjs');
    const entry = path.join(project, 'programs', 'main.cjs');
    const args = ['--bundle', '--platform=node', `--outfile=${outfile}`];
    // Its install script may have put a binary in the place of the script.
    await run([entry, ...args], {}, bin('.bin', 'esbuild'));
    return outfile;
  }

  function bin(name, file) {
    return path.join(SURROUNDINGS, 'node_modules', name, file);
  }

  function run(args, env = {}, command = process.execPath) {
    const own = Object.entries(process.env).filter(([name]) => !/^(KMS_ENVELOPE|NODE)_/.test(name));
    const variables = { ...Object.fromEntries(own), NO_COLOR: '1', ...env };
    return promisify(execFile)(command, args, { cwd: project, env: variables });
  }
});
