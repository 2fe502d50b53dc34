'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { pathToFileURL } = require('node:url');
const { promisify } = require('node:util');
const { installPacked } = require('../support/packed');
const { projectFolder } = require('../support/project');
const { BUNDLERS, SURROUNDINGS, skipWithout } = require('../support/requirements');

const otherAddon = process.env.KMS_ENVELOPE_NATIVE_PATH && 'not the addon that is packed';
const PAGE = path.join(__dirname, '..', '..', 'docs', 'deploying.md');
const TABLE = /(?<=<!-- places -->\n)[^]*?(?=<!-- end of places -->)/;
const PERMISSION =
  Number(process.versions.node.split('.')[0]) < 23 ? 'experimental-permission' : 'permission';
const WORKS = '{"outcome":"works"}\n';

/** What makes a bundle, as its recipe says. */
const RECIPES = {
  esbuild: async (entry, outfile) => {
    const { build } = await load('esbuild/lib/main.js');
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      external: ['kms-envelope'],
    });
  },
  webpack: async (entry, outfile) => {
    const { default: webpack } = await load('webpack/lib/index.js');
    const stats = await promisify(webpack)({
      entry,
      target: 'node',
      mode: 'production',
      externals: { 'kms-envelope': 'commonjs kms-envelope' },
      output: { path: path.dirname(outfile), filename: path.basename(outfile) },
    });
    assert.ok(!stats.hasErrors(), stats.toString());
  },
  rollup: async (entry, outfile) => {
    const { rollup } = await load('rollup/dist/rollup.js');
    const { default: resolve } = await load('@rollup/plugin-node-resolve/dist/es/index.js');
    const { default: commonjs } = await load('@rollup/plugin-commonjs/dist/es/index.js');
    const bundle = await rollup({
      input: entry,
      external: ['kms-envelope', /^node:/],
      plugins: [resolve({ preferBuiltins: true }), commonjs()],
    });
    await bundle.write({ file: outfile, format: 'cjs' });
  },
  'vite (SSR)': async (entry, outfile) => {
    const { build } = await load('vite/dist/node/index.js');
    await build({
      root: path.dirname(entry),
      logLevel: 'error',
      ssr: { external: ['kms-envelope'] },
      build: {
        ssr: entry,
        outDir: path.dirname(outfile),
        emptyOutDir: false,
        rollupOptions: { output: { format: 'cjs', entryFileNames: path.basename(outfile) } },
      },
    });
  },
};

/** Where the package is tried, by this file and others; the table of the page is made of this. */
const PLACES = [
  ...Object.keys(RECIPES).map((name) => [name, 'tested', '[external](#bundlers)']),
  ['esbuild, all in one file', 'tested', '[binary beside it](#one-file-and-the-binary)'],
  ['single executable application', 'tested', '[binary beside it](#one-file-and-the-binary)'],
  ['Next.js', 'not tested', '[external](#bundlers)'],
  ['npm, pnpm', 'tested', 'none needed'],
  ["Yarn Plug'n'Play", 'not tested', '[unplugged](#yarn-plugnplay)'],
  ['worker threads', 'tested', 'none needed'],
  ['permission model of Node.js', 'tested', '[flags](#permission-model)'],
  ['AWS Lambda', 'not tested', '[layers and architectures](#aws-lambda)'],
  ['Docker: Debian, Alpine, distroless', 'not tested', '[install in the image](#docker)'],
  ['Bun, Deno', 'not tested', '[Bun and Deno](#bun-and-deno)'],
  ['Electron', 'not tested', '[main process](#electron)'],
];

describe('the page on deploying', () => {
  it('has the table of the places where this is tested', () => {
    const lines = ['| place | result | recipe |', '| --- | --- | --- |'];
    const rows = [...lines, ...PLACES.map((row) => `| ${row.join(' | ')} |`)].join('\n');
    const table = `\n${rows}\n\n`;
    const page = fs.readFileSync(PAGE, 'utf8');
    if (process.env.UPDATE_TABLE)
      fs.writeFileSync(
        PAGE,
        page.replace(TABLE, () => table),
      );
    else assert.equal(TABLE.exec(page)?.[0], table, 'UPDATE_TABLE=1 writes it');
  });

  it('has a section for each recipe that the table names', () => {
    const page = fs.readFileSync(PAGE, 'utf8');
    const headings = [...page.matchAll(/^##+ (.*)$/gm)].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    for (const [, anchor] of page.matchAll(/\]\(#([\w-]+)\)/g)) {
      assert.ok(headings.includes(anchor), anchor);
    }
  });
});

describe(
  'the packed package, deployed by recipe',
  { skip: otherAddon || skipWithout('bundlers') },
  () => {
    const project = projectFolder();
    const entry = path.join(project, 'programs', 'main.cjs');

    before(() => {
      fs.cpSync(path.join(SURROUNDINGS, 'programs'), path.join(project, 'programs'), {
        recursive: true,
      });
      installPacked(project);
    });

    for (const [name, bundle] of Object.entries(RECIPES)) {
      it(`works in a bundle by ${name}, beside its node_modules`, async () => {
        const outfile = path.join(project, 'dist', `${name.slice(0, 4)}.cjs`);
        await bundle(entry, outfile);
        assert.ok(
          !fs.readFileSync(outfile, 'utf8').includes('KMS_ENVELOPE_NATIVE_PATH'),
          'external',
        );
        assert.equal(await run([outfile]), WORKS);
      });
    }

    it('works under the permission model with the flags of the page', async () => {
      const flags = ['--allow-fs-read=*', '--allow-fs-write=*', '--allow-addons'];
      assert.equal(await run([`--${PERMISSION}`, ...flags, entry]), WORKS);
    });

    async function run(args) {
      const own = Object.entries(process.env).filter(([key]) => !/^(KMS_ENVELOPE|NODE)_/.test(key));
      const env = { ...Object.fromEntries(own), NO_COLOR: '1' };
      return (await promisify(execFile)(process.execPath, args, { cwd: project, env })).stdout;
    }
  },
);

function load(file) {
  return import(pathToFileURL(path.join(BUNDLERS, 'node_modules', file)));
}
