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
const { TYPESCRIPT, skipWithout } = require('../support/requirements');

const otherAddon = process.env.KMS_ENVELOPE_NATIVE_PATH && 'not the addon that is packed';
const STRICT = { strict: true, exactOptionalPropertyTypes: true, noEmit: true };
const NODENEXT = { module: 'nodenext', target: 'es2022' };

// From 5.7 on, TypeScript knows what kind of memory an array lies in; from 6.0 on, no types are
// included that nobody names.
const PROJECTS = [
  { typescript: '5.0', node: 18, program: 'node.mts' },
  { typescript: '5.0', node: 20, program: 'browser.mts', dom: true },
  { typescript: '5.6', node: 26, program: 'node.mts' },
  { typescript: '5.7', node: 20, program: 'browser.mts', dom: true },
  { typescript: '5.9', node: 26, program: 'browser.mts', dom: true },
  { typescript: '5.9', node: 26, program: 'node.mts', libCheck: true },
  { typescript: '6.0', node: 26, program: 'browser.mts', dom: true, types: [] },
  { typescript: '6.0', node: 18, program: 'node.mts', types: [] },
  { typescript: '7.0', node: 26, program: 'browser.mts', dom: true, types: [] },
  { typescript: '7.0', node: 26, program: 'node.mts', types: [], libCheck: true },
  { typescript: '7.0', node: undefined, program: 'bare.mts', types: [] },
  { typescript: '5.0', node: undefined, program: 'bare.mts' },
];

describe(
  'the types of the packed package',
  { skip: otherAddon || skipWithout('typescript') },
  () => {
    const folder = projectFolder();
    const modules = path.join(TYPESCRIPT, 'node_modules');
    let installed;

    before(() => {
      installed = installPacked(folder);
    });

    for (const [i, project] of PROJECTS.entries()) {
      const { typescript, node, program, types, dom, libCheck } = project;
      const nodeTypes = node ? `@types/node ${node}` : 'no @types/node';
      const options = `${types ? ', types: []' : ''}${dom ? ', lib: dom' : ''}`;
      const checked = libCheck ? ', all declarations checked' : '';
      it(`compile with TypeScript ${typescript}, ${nodeTypes}${options}${checked}: ${program}`, async () => {
        const place = path.join(folder, `project-${i}`);
        layOut(place, node);
        fs.copyFileSync(path.join(TYPESCRIPT, program), path.join(place, program));
        const compilerOptions = {
          ...STRICT,
          ...NODENEXT,
          skipLibCheck: !libCheck,
          ...(dom ? { lib: ['es2022', 'dom', 'dom.iterable'] } : { lib: ['es2022'] }),
          ...(types && { types }),
        };
        const config = { compilerOptions, files: [program] };
        fs.writeFileSync(path.join(place, 'tsconfig.json'), JSON.stringify(config));
        assert.equal(await compile(typescript, place), '');
      });
    }

    it('are found by every way of TypeScript to resolve modules', async () => {
      const tool = path.join(modules, '@arethetypeswrong/cli/dist/index.js');
      // It asks a server about other packages else.
      const options = ['--no-definitely-typed', '--format', 'json'];
      const args = [tool, installed.tarballs.main, ...options];
      const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
      assert.deepEqual(JSON.parse(stdout).analysis.problems, []);
    });

    it('belong to exports that publint finds nothing wrong with', async () => {
      const { publint } = await import(
        pathToFileURL(path.join(modules, 'publint/src/index-node.js'))
      );
      const { messages } = await publint({ pkgDir: installed.main, pack: false, strict: true });
      assert.deepEqual(messages, []);
    });

    it('ask for no version of @types/node, so that an old one in a project stops no install', () => {
      const manifest = JSON.parse(fs.readFileSync(path.join(installed.main, 'package.json')));
      // npm refuses to install beside a version outside of a range, also of who uses nothing of it.
      for (const [name, range] of Object.entries(manifest.peerDependencies)) {
        assert.equal(range, '*', name);
        assert.equal(manifest.peerDependenciesMeta[name].optional, true, name);
      }
    });

    /** The package as a project has it: its own files, and the types of Node.js beside it. */
    function layOut(place, node) {
      const own = path.join(place, 'node_modules');
      fs.mkdirSync(own, { recursive: true });
      fs.cpSync(installed.main, path.join(own, 'kms-envelope'), { recursive: true });
      if (!node) return;
      fs.mkdirSync(path.join(own, '@types'));
      fs.cpSync(path.join(modules, `types-node-${node}`), path.join(own, '@types', 'node'), {
        recursive: true,
      });
      fs.cpSync(path.join(modules, 'undici-types'), path.join(own, 'undici-types'), {
        recursive: true,
      });
    }

    async function compile(typescript, place) {
      const bin = path.join(modules, `typescript-${typescript}`, 'bin', 'tsc');
      const args = [bin, '-p', place, '--pretty', 'false'];
      const { stdout } = await promisify(execFile)(process.execPath, args).catch((error) => error);
      return stdout;
    }
  },
);
