'use strict';

const path = require('node:path');
const { BUNDLERS, RUNTIMES, SURROUNDINGS } = require('./requirements');

const NONE = 'none needed';
const BESIDE = '[binary beside it](#one-file-and-the-binary)';

/**
 * The places of docs/deploying.md, in its order: the table there is made of this. A test that tries a
 * place says so by `tested`; for each other place `untried` says why none does. `packages` are those
 * whose versions are tried.
 *
 * @type {Record<string, { recipe: string, packages?: [string, string[]], result?: string, untried?: string }>}
 */
const DEPLOYMENTS = {
  esbuild: {
    recipe: `${NONE}; [a line for ES modules](#esbuild)`,
    packages: [BUNDLERS, ['esbuild']],
  },
  webpack: { recipe: NONE, packages: [BUNDLERS, ['webpack']] },
  Rollup: {
    recipe: `[its usual plugins](#rollup)`,
    packages: [BUNDLERS, ['rollup', '@rollup/plugin-commonjs', '@rollup/plugin-node-resolve']],
  },
  rolldown: { recipe: NONE, packages: [BUNDLERS, ['rolldown']] },
  'Vite (SSR)': { recipe: NONE, packages: [BUNDLERS, ['vite']] },
  'Next.js, Turbopack': {
    recipe: `none for \`next start\`; [a line for standalone](#nextjs)`,
    packages: [RUNTIMES, ['next']],
  },
  'Next.js, webpack': {
    recipe: `none for \`next start\`; [a line for standalone](#nextjs)`,
    packages: [RUNTIMES, ['next']],
  },
  'one file by esbuild': { recipe: BESIDE, packages: [SURROUNDINGS, ['esbuild']] },
  'single executable application': { recipe: BESIDE },
  "an executable of Bun's": { recipe: BESIDE, packages: [RUNTIMES, ['bun']] },
  Bun: { recipe: NONE, packages: [RUNTIMES, ['bun']] },
  Deno: { recipe: '[permissions](#deno)', packages: [RUNTIMES, ['deno']] },
  'worker threads': { recipe: NONE },
  'permission model of Node.js': { recipe: '[flags](#permission-model)' },
  pnpm: { recipe: NONE, packages: [path.join(__dirname, '..', '..'), ['pnpm']] },
  "Yarn Plug'n'Play": { recipe: NONE, packages: [RUNTIMES, ['@yarnpkg/cli-dist']] },
  'npm, for another platform': { recipe: '[flags](#another-platform)' },
  'AWS Lambda: zip and layer': {
    recipe: '[folders and flags](#aws-lambda)',
    result: 'works, by its layout of files',
  },
  'Docker: Debian, Alpine, distroless': {
    recipe: '[install in the image](#docker)',
    untried:
      'images need a container engine; the choice of the binary is tried, as for another platform',
  },
  Electron: {
    recipe: '[main process](#electron)',
    untried: 'its binary is in no package registry',
  },
};

/**
 * The name of a place, for the title of the test that tries it.
 *
 * @param {string} place
 */
function tested(place) {
  if (DEPLOYMENTS[place] && !DEPLOYMENTS[place].untried) return place;
  throw new Error(
    `DEPLOYMENTS in __test__/support/deployments.js does not say that ${place} works`,
  );
}

/** The rows of the table: place, result, versions, recipe. */
function deploymentRows() {
  return Object.entries(DEPLOYMENTS).map(([place, { recipe, packages, result, untried }]) => {
    const outcome = untried ? `not tried: ${untried}` : (result ?? 'works');
    return [place, outcome, versions(packages), recipe];
  });
}

/** @param {[string, string[]]} [packages] */
function versions([folder, names] = ['', []]) {
  if (names.length === 0) return '';
  const { dependencies, devDependencies } = require(path.join(folder, 'package.json'));
  return names.map((name) => ({ ...dependencies, ...devDependencies })[name]).join(', ');
}

module.exports = { DEPLOYMENTS, deploymentRows, tested };
