'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { promisify } = require('node:util');
const { BUNDLERS } = require('./requirements');

/** What an ES module needs that esbuild made of CommonJS, as docs/deploying.md says. */
const BANNER =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * What makes a bundle of an entry with each bundler, with no settings but those that any program for
 * Node.js has.
 *
 * @type {Record<string, (entry: string, outfile: string, format: 'cjs' | 'esm') => Promise<unknown>>}
 */
const BUNDLER_RECIPES = {
  esbuild: async (entry, outfile, format) => {
    const { build } = await load('esbuild/lib/main.js');
    const banner = format === 'esm' ? { js: BANNER } : {};
    const options = { bundle: true, platform: 'node', format, banner, logLevel: 'silent' };
    const { warnings } = await build({ entryPoints: [entry], outfile, ...options });
    assert.deepEqual(warnings, []);
  },
  webpack: async (entry, outfile, format) => {
    const { default: webpack } = await load('webpack/lib/index.js');
    const [folder, filename] = [path.dirname(outfile), path.basename(outfile)];
    const module = format === 'esm';
    const stats = await promisify(webpack)({
      entry,
      target: 'node',
      mode: 'production',
      experiments: { outputModule: module },
      output: { path: folder, filename, module },
    });
    assert.ok(!stats.hasErrors() && !stats.hasWarnings(), stats.toString());
  },
  Rollup: async (entry, outfile, format) => {
    const { rollup } = await load('rollup/dist/rollup.js');
    const { default: resolve } = await load('@rollup/plugin-node-resolve/dist/es/index.js');
    const { default: commonjs } = await load('@rollup/plugin-commonjs/dist/es/index.js');
    const plugins = [resolve({ preferBuiltins: true }), commonjs()];
    const bundle = await rollup({ input: entry, external: /^node:/, plugins });
    await bundle.write({ file: outfile, format });
  },
  rolldown: async (entry, outfile, format) => {
    const { rolldown } = await load('rolldown/dist/index.mjs');
    const bundle = await rolldown({ input: entry, platform: 'node' });
    await bundle.write({ file: outfile, format, codeSplitting: false });
  },
  'Vite (SSR)': async (entry, outfile, format) => {
    const { build } = await load('vite/dist/node/index.js');
    const output = { format, entryFileNames: path.basename(outfile) };
    await build({
      root: path.dirname(entry),
      configFile: false,
      logLevel: 'error',
      ssr: { noExternal: true },
      build: {
        ssr: entry,
        outDir: path.dirname(outfile),
        emptyOutDir: false,
        rollupOptions: { output },
      },
    });
  },
};

function load(file) {
  return import(pathToFileURL(path.join(BUNDLERS, 'node_modules', file)));
}

module.exports = { BANNER, BUNDLER_RECIPES };
