'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { promisify } = require('node:util');
const { BANNER, BUNDLER_RECIPES } = require('../support/bundles');
const { tested } = require('../support/deployments');
const { temporaryFolder } = require('../support/files');
const { installPacked } = require('../support/packed');
const { projectFolder } = require('../support/project');
const { BUNDLERS, SURROUNDINGS, skipWithout } = require('../support/requirements');

const ROOT = path.join(__dirname, '..', '..');
const otherAddon = process.env.KMS_ENVELOPE_NATIVE_PATH && 'not the addon that is packed';
const skip = otherAddon || skipWithout('bundlers', 'examples');
const WORKS = '{"outcome":"works"}\n';
const FORMATS = /** @type {const} */ ({ cjs: 'main.cjs', esm: 'module.mjs' });
const BUNDLED = [
  tested('esbuild'),
  tested('webpack'),
  tested('Rollup'),
  tested('rolldown'),
  tested('Vite (SSR)'),
];

describe('the packed package in a bundle, with no recipe', { skip }, () => {
  const project = projectFolder();
  const programs = path.join(project, 'programs');
  const modules = path.join(project, 'node_modules');
  let installed;

  before(() => {
    fs.cpSync(path.join(SURROUNDINGS, 'programs'), programs, { recursive: true });
    installed = installPacked(project);
    const aws = path.join(ROOT, 'examples', 'node_modules', '@aws-sdk');
    fs.symlinkSync(aws, path.join(modules, '@aws-sdk'), 'junction');
  });

  it('is tried with every bundler that there is a recipe for', () => {
    assert.deepEqual(BUNDLED, Object.keys(BUNDLER_RECIPES));
  });

  for (const name of BUNDLED) {
    for (const [format, entry] of Object.entries(FORMATS)) {
      it(`works beside its node_modules: ${name}, ${format}`, async () => {
        const outfile = fileOf('dist', name, format);
        await BUNDLER_RECIPES[name](path.join(programs, entry), outfile, format);
        assert.ok(
          fs.readFileSync(outfile, 'utf8').includes('KMS_ENVELOPE_NATIVE_PATH'),
          'the package is in the bundle',
        );
        assert.equal(await run(outfile), WORKS);
      });

      it(`works alone with the binary beside it, and else says so: ${name}, ${format}`, async () => {
        const folder = temporaryFolder();
        const alone = path.join(folder, path.basename(fileOf('', name, format)));
        fs.copyFileSync(fileOf('dist', name, format), alone);
        const said = await run(alone).catch(({ stderr }) => stderr);
        assert.ok(said.includes(fs.realpathSync(alone)), said);
        assert.match(said, /is a bundle.*kms-envelope\.[\w-]+\.node beside.*docs\/deploying\.md/);
        fs.copyFileSync(installed.addon, path.join(folder, path.basename(installed.addon)));
        assert.equal(await run(alone), WORKS);
      });
    }
  }

  // Rollup and webpack would take much longer for AWS's client, and Rollup one more plugin.
  for (const name of ['esbuild', 'rolldown', 'Vite (SSR)']) {
    it(`works with the integration for S3 and its client: ${name}`, async () => {
      const outfile = fileOf('dist', `${name}-s3`, 'esm');
      await BUNDLER_RECIPES[name](path.join(programs, 's3.mjs'), outfile, 'esm');
      assert.equal(await run(outfile), WORKS);
    });
  }

  it('works where it is left out of the bundle', async () => {
    const { build } = require(path.join(BUNDLERS, 'node_modules', 'esbuild'));
    const outfile = fileOf('dist', 'external', 'cjs');
    const options = { bundle: true, platform: 'node', external: ['kms-envelope'] };
    await build({ entryPoints: [path.join(programs, 'main.cjs')], outfile, ...options });
    assert.ok(!fs.readFileSync(outfile, 'utf8').includes('KMS_ENVELOPE_NATIVE_PATH'));
    assert.equal(await run(outfile), WORKS);
  });

  it('works in the node_modules of pnpm, where only the package sees its platform', async () => {
    const store = temporaryFolder();
    const strict = temporaryFolder();
    for (const folder of [installed.main, installed.platform]) {
      const copy = path.join(store, 'node_modules', path.basename(folder));
      fs.cpSync(folder, copy, { recursive: true });
    }
    fs.mkdirSync(path.join(strict, 'node_modules'));
    const target = path.join(store, 'node_modules', 'kms-envelope');
    fs.symlinkSync(target, path.join(strict, 'node_modules', 'kms-envelope'), 'junction');
    const outfile = path.join(strict, 'bundle.cjs');
    await BUNDLER_RECIPES.esbuild(path.join(programs, 'main.cjs'), outfile, 'cjs');
    assert.equal(await run(outfile), WORKS);
  });

  it('has on its page the line that a module of esbuild needs', () => {
    assert.ok(fs.readFileSync(path.join(ROOT, 'docs', 'deploying.md'), 'utf8').includes(BANNER));
  });

  function fileOf(folder, name, format) {
    const file = `${name.replace(/\W/g, '')}.${format === 'esm' ? 'mjs' : 'cjs'}`;
    return path.join(project, folder, file);
  }

  async function run(file) {
    const own = Object.entries(process.env).filter(([key]) => !/^(KMS_ENVELOPE|NODE)_/.test(key));
    const env = { ...Object.fromEntries(own), NO_COLOR: '1' };
    return (await promisify(execFile)(process.execPath, [file], { cwd: '/', env })).stdout;
  }
});
