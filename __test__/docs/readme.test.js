'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { temporaryFolder } = require('../support/files');
const { nodeBinary } = require('../support/nodes');
const { installPacked } = require('../support/packed');
const { codeBlocks, codeInReadme } = require('../support/readme');
const { PYTHON, SURROUNDINGS, requireOrSkip, skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

const AWS = path.join(__dirname, '..', 'support', 'aws.py');
const FIRST =
  /^(local:dev\.key\n)?\d+ bytes to store\nthe invoice of May\nERR_ENVELOPE_AUTHENTICATION_FAILED .*\n$/;
const otherAddon = process.env.KMS_ENVELOPE_NATIVE_PATH && 'not the addon that is packed';

/** The programs of the README by the file names in their first lines. */
const programs = Object.fromEntries(
  codeBlocks('README.md', 'js').map((code) => [/^\/\/ (\S+)\n/.exec(code)[1], code]),
);

describe('the README, followed in a fresh folder', { skip: otherAddon || posixOnly() }, () => {
  const root = temporaryFolder();

  before(() => {
    installPacked(root);
    linkCommand(path.join(root, 'node_modules', '.bin'));
  });

  it('shows three programs, each of which is run below', () => {
    assert.deepEqual(Object.keys(programs), ['first.mjs', 'streams.mjs', 'several.mjs']);
  });

  for (const type of ['commonjs', 'module']) {
    for (const major of [20, 22, 24, 26]) {
      it(`runs twice on Node.js ${major} where package.json says "${type}"`, async (t) => {
        const node = nodeBinary(major);
        if (!requireOrSkip(t, node, `Node.js ${major}`)) return;
        const folder = layOut(root, `${type}-${major}`, type);
        const run = (code, env) => shell(code, { folder, node, env });
        for (const round of ['first', 'second']) {
          const first = await run(codeInReadme('sh', 'keygen dev.key'));
          assert.match(first, FIRST, `${round} run of first.mjs`);
          const env = { ENCRYPTION_KEY_ID: 'local:dev.key' };
          assert.equal(await run('node streams.mjs', env), '1000 of 1000000 bytes\n');
          const copy = fs.readFileSync(path.join(folder, 'copy.mp4'));
          assert.ok(copy.equals(Buffer.alloc(1_000_000, 'video')), `${round} copy is the same`);
        }
      });
    }
  }

  for (const major of [22, 24, 26]) {
    it(`runs the same text as TypeScript on Node.js ${major}`, async (t) => {
      const node = nodeBinary(major);
      if (!requireOrSkip(t, node, `Node.js ${major}`)) return;
      const folder = layOut(root, `typescript-${major}`, 'module');
      for (const name of ['first.mts', 'first.ts']) {
        fs.writeFileSync(path.join(folder, name), programs['first.mjs']);
        const keygen = codeInReadme('sh', 'keygen dev.key').replace('first.mjs', name);
        assert.match(await shell(keygen, { folder, node }), FIRST);
      }
    });
  }

  it('runs the same text as TypeScript with tsx, as on Node.js 20', async (t) => {
    const tsx = path.join(SURROUNDINGS, 'node_modules', 'tsx', 'dist', 'cli.mjs');
    const what = 'tsx: run `node scripts/prepare.js surroundings`';
    if (!requireOrSkip(t, fs.existsSync(tsx), what)) return;
    const folder = layOut(root, 'tsx', 'commonjs');
    fs.writeFileSync(path.join(folder, 'first.mts'), programs['first.mjs']);
    const keygen = codeInReadme('sh', 'keygen dev.key');
    const output = await shell(keygen.replace('node first.mjs', `node '${tsx}' first.mts`), {
      folder,
    });
    assert.match(output, FIRST);
  });

  describe('with AWS KMS', { skip: skipWithout('python') }, () => {
    const moto = temporaryMoto();

    it('makes a key in an emulator, and runs under it and a backup key', async () => {
      const folder = layOut(root, 'kms', 'commonjs');
      const exports = codeInReadme('sh', 'AWS_ENDPOINT_URL_KMS')
        .split('\n')
        .filter((line) => line.startsWith('export '))
        .join('\n')
        .replace('http://127.0.0.1:5000', moto.endpoint);
      const run = (code) => shell(`${exports}\n${code}`, { folder });
      assert.match(await run(codeInReadme('sh', 'aws kms create-key')), FIRST);
      for (const round of ['first', 'second']) {
        const output = await run(codeInReadme('sh', 'BACKUP_KEY'));
        assert.equal(output, 'hello\n', `${round} run of several.mjs`);
      }
    });
  });
});

/** A folder as `npm init -y` leaves it, with the README's programs; the package lies above it. */
function layOut(root, name, type) {
  const folder = path.join(root, name);
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name, type }));
  for (const [file, code] of Object.entries(programs)) {
    fs.writeFileSync(path.join(folder, file), code);
  }
  return folder;
}

/** What a block of shell commands prints: with this Node.js, the package's command, and `aws`. */
async function shell(code, { folder, node = process.execPath, env = {} }) {
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(bin, { recursive: true });
  writeCommand(path.join(bin, 'node'), `exec '${node}' "$@"`);
  writeCommand(path.join(bin, 'aws'), `exec '${PYTHON}' '${AWS}' "$@"`);
  const own = Object.entries(process.env).filter(([key]) => !/^(AWS|KMS_ENVELOPE|npm)_/.test(key));
  const { stdout } = await promisify(execFile)('sh', ['-euc', code], {
    cwd: folder,
    env: {
      ...Object.fromEntries(own),
      PATH: [bin, path.join(folder, '..', 'node_modules', '.bin'), process.env.PATH].join(':'),
      ...env,
    },
    timeout: 120_000,
  });
  return stdout;
}

/** The package's command, where npm would put it. */
function linkCommand(bin) {
  fs.mkdirSync(bin, { recursive: true });
  fs.symlinkSync('../kms-envelope/bin/kms-envelope.js', path.join(bin, 'kms-envelope'));
}

function writeCommand(file, code) {
  fs.writeFileSync(file, `#!/bin/sh\n${code}\n`, { mode: 0o755 });
}

function posixOnly() {
  return process.platform === 'win32' && 'its commands are for a POSIX shell';
}
