'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { LocalKeyring } = require('../..');
const { installPacked } = require('../support/packed');
const { projectFolder } = require('../support/project');
const { generate } = require('../orms/support/prisma-client');
const { codeBlocks } = require('../support/readme');
const { ORMS, SURROUNDINGS, skipWithout } = require('../support/requirements');

const TSX = path.join(SURROUNDINGS, 'node_modules', 'tsx', 'dist', 'cli.mjs');
const TSC = path.join(__dirname, '..', '..', 'node_modules', 'typescript', 'bin', 'tsc');
const otherAddon = process.env.KMS_ENVELOPE_NATIVE_PATH && 'not the addon that is packed';

/** The program of each page, what it prints, and its other files by the language of their blocks. */
const PAGES = {
  'docs/typeorm.md': {
    output: /^Ada ada@example\.com London\n64 22\n$/,
    files: { 'tsconfig.json': 'json' },
  },
  'docs/prisma.md': { output: /^Ada ada@example\.com { city: 'London' }\n64 22\n$/, files: {} },
  'docs/kysely.md': { output: /^Ada ada@example\.com { city: 'London' }\n64 22\n$/, files: {} },
  'docs/drizzle.md': { output: /^Ada ada@example\.com { city: 'London' }\n64 22\n$/, files: {} },
};

describe(
  'the programs of the pages on ORMs',
  { skip: otherAddon || skipWithout('orms', 'surroundings') },
  () => {
    const folder = projectFolder();

    before(() => {
      installPacked(folder);
      const modules = path.join(folder, 'node_modules');
      for (const name of fs.readdirSync(path.join(ORMS, 'node_modules'))) {
        if (name.startsWith('.')) continue;
        fs.symlinkSync(path.join(ORMS, 'node_modules', name), path.join(modules, name), 'junction');
      }
      LocalKeyring.generate(path.join(folder, 'dev.key'));
    });

    for (const [page, { output, files }] of Object.entries(PAGES)) {
      it(`${page}: the program runs as it stands`, async () => {
        const programs = codeBlocks(page, 'ts');
        assert.equal(programs.length, 1);
        for (const [name, language] of Object.entries(files)) {
          fs.writeFileSync(path.join(folder, name), codeBlocks(page, language)[0]);
        }
        const program = programOf(page);
        fs.writeFileSync(path.join(folder, program), programs[0]);
        for (const schema of codeBlocks(page, 'prisma')) generate(folder, schema);
        const { stdout } = await promisify(execFile)(process.execPath, [TSX, program], {
          cwd: folder,
          timeout: 60_000,
        });
        assert.match(stdout, output);
      });
    }

    it('compile with strict types', async () => {
      const programs = Object.keys(PAGES).map(programOf);
      const options = ['--noEmit', '--strict', '--skipLibCheck', '--experimentalDecorators'];
      const target = ['--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
      const args = [TSC, '--ignoreConfig', ...options, ...target, ...programs];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder }).catch(
        (error) => error,
      );
      assert.equal(stdout, '');
    });
  },
);

/** The file that the program of a page is written to. */
function programOf(page) {
  return `${path.basename(page, '.md')}.mts`;
}
