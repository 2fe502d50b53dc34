'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { codeBlocks } = require('../__test__/support/readme');
const { publish, startRegistry } = require('./local-registry');
const { runMain } = require('./run-main.js');

const ROOT = path.join(__dirname, '..');
const PNPM = path.join(ROOT, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');
/**
 * The pages, each with the files that its program needs and the language of the code block they are in.
 * Prisma is left out: its installation downloads a program.
 */
const PAGES = {
  typeorm: { 'tsconfig.json': 'json' },
  drizzle: {},
  kysely: {},
};

/**
 * `node scripts/first-row.js`: measures the time from `pnpm add` to the first encrypted row. Follows the
 * page of each ORM word by word, in a fresh folder and with an empty store of pnpm.
 */
async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-first-row-'));
  const registry = await startRegistry(folder);
  try {
    publish(folder, registry.url);
    for (const page of Object.keys(PAGES)) {
      const steps = followPage(folder, registry.url, page);
      const all = Object.values(steps).reduce((sum, seconds) => sum + seconds, 0);
      const shown = Object.entries(steps).map(
        ([step, seconds]) => `${step} ${seconds.toFixed(1)} s`,
      );
      console.log(`${page.padEnd(8)}${all.toFixed(1).padStart(7)} s: ${shown.join(', ')}`);
    }
  } finally {
    await registry.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Does what a page says, in a fresh folder; returns the seconds that each step took. */
function followPage(folder, registry, page) {
  const project = fs.mkdtempSync(path.join(folder, 'project-'));
  const file = `docs/${page}.md`;
  const [install, keygen] = codeBlocks(file, 'sh')[0].trim().split('\n');
  const stores = ['store', 'cache'].map((kind) => `--${kind}-dir=${project}/.${kind}`);
  const flags = [`--registry=${registry}`, '--silent', ...stores];
  const steps = {};
  const step = (name, args) => {
    const started = performance.now();
    const output = execFileSync(process.execPath, [PNPM, ...args], { cwd: project }).toString();
    steps[name] = (performance.now() - started) / 1000;
    return output;
  };
  fs.writeFileSync(path.join(project, 'package.json'), '{"private":true}');
  step('add', ['add', ...install.split(' ').slice(2), ...flags]);
  step('keygen', ['exec', ...keygen.split(' ').slice(1)]);
  for (const [name, language] of Object.entries(PAGES[page])) {
    fs.writeFileSync(path.join(project, name), codeBlocks(file, language)[0]);
  }
  fs.writeFileSync(path.join(project, 'app.mts'), codeBlocks(file, 'ts')[0]);
  const output = step('run', ['exec', 'tsx', 'app.mts']);
  if (!/^Ada .*\n64 22\n$/.test(output)) throw new Error(`${page}: it printed ${output}`);
  fs.rmSync(project, { recursive: true, force: true });
  return steps;
}

runMain(main);
