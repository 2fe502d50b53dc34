'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { promisify } = require('node:util');
const { tested } = require('../support/deployments');
const { temporaryFolder } = require('../support/files');
const { installPacked } = require('../support/packed');
const { projectFolder } = require('../support/project');
const { SURROUNDINGS, skipWithout } = require('../support/requirements');
const { bunBinary, denoBinary, userEnvironment } = require('../support/runtimes');

const otherAddon = process.env.KMS_ENVELOPE_NATIVE_PATH && 'not the addon that is packed';
const skip = otherAddon || skipWithout('runtimes');
const WORKS = '{"outcome":"works"}\n';
const PROGRAMS = ['programs/main.cjs', 'programs/module.mjs'];

describe('the packed package in another runtime', { skip }, () => {
  const project = projectFolder();
  let installed;

  before(() => {
    fs.cpSync(path.join(SURROUNDINGS, 'programs'), path.join(project, 'programs'), {
      recursive: true,
    });
    installed = installPacked(project);
  });

  for (const program of PROGRAMS) {
    it(`works in ${tested('Bun')}: ${program}`, async () => {
      assert.equal(await run(bunBinary(), [program]), WORKS);
    });

    it(`works in ${tested('Deno')} with the permissions of the page: ${program}`, async () => {
      const allowed = ['--allow-ffi', '--allow-read', '--allow-env', '--allow-write'];
      assert.equal(await run(denoBinary(), ['run', '--no-prompt', ...allowed, program]), WORKS);
    });
  }

  it('works in worker threads of Bun and of Deno', async () => {
    const workers = ['programs/workers.cjs', installed.addon];
    assert.equal(await run(bunBinary(), workers), 'works\nworks\nworks\n');
    assert.equal(await run(denoBinary(), ['run', '-A', ...workers]), 'works\nworks\nworks\n');
  });

  it('names the permission that Deno lacks to load it', async () => {
    const allowed = ['--allow-read', '--allow-env'];
    const said = await run(denoBinary(), ['run', '--no-prompt', ...allowed, PROGRAMS[0]]);
    const { code, message } = JSON.parse(said);
    assert.equal(code, 'ERR_ENVELOPE_ADDON');
    assert.match(message, /Deno forbids it; run the program with --allow-ffi$/);
  });

  it(`works in ${tested("an executable of Bun's")} with the binary beside it`, async () => {
    const folder = temporaryFolder();
    const executable = path.join(folder, process.platform === 'win32' ? 'a.exe' : 'a');
    await run(bunBinary(), ['build', '--compile', PROGRAMS[0], '--outfile', executable]);
    assert.equal(JSON.parse(await run(executable, [], '/')).code, 'ERR_ENVELOPE_ADDON');
    fs.copyFileSync(installed.addon, path.join(folder, path.basename(installed.addon)));
    assert.equal(await run(executable, [], '/'), WORKS);
  });

  async function run(command, args, cwd = project) {
    const env = userEnvironment({ DENO_DIR: path.join(project, '.deno') });
    return (await promisify(execFile)(command, args, { cwd, env })).stdout;
  }
});
