'use strict';

const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');
const { devDependencies, napi, version } = require('../../package.json');
const { PLATFORMS: PLATFORMS_OF_LOADER } = require('../../lib/native/platform');
const { linkToRepository, pagesIn } = require('../../scripts/links');
const { tested } = require('../support/deployments');
const { DEFAULT_REGION, startMoto } = require('../support/moto');
const { nodeBinary } = require('../support/nodes');
const { packOnce } = require('../support/packed');
const { codeBlocks } = require('../support/readme');
const { requireOrSkip, skipWithout } = require('../support/requirements');

const ROOT = path.join(__dirname, '..', '..');
const PNPM = path.join(ROOT, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');
const PLATFORMS = {
  'x86_64-unknown-linux-gnu': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
  'aarch64-unknown-linux-gnu': { os: ['linux'], cpu: ['arm64'], libc: ['glibc'] },
  'x86_64-unknown-linux-musl': { os: ['linux'], cpu: ['x64'], libc: ['musl'] },
  'aarch64-unknown-linux-musl': { os: ['linux'], cpu: ['arm64'], libc: ['musl'] },
  'x86_64-apple-darwin': { os: ['darwin'], cpu: ['x64'] },
  'aarch64-apple-darwin': { os: ['darwin'], cpu: ['arm64'] },
  'x86_64-pc-windows-msvc': { os: ['win32'], cpu: ['x64'] },
  'aarch64-pc-windows-msvc': { os: ['win32'], cpu: ['arm64'] },
};
const ABIS = { glibc: '-gnu', musl: '-musl' };

// The packages hold the addon in the root of the repository, whatever addon the tests load.
const otherAddon = process.env.KMS_ENVELOPE_NATIVE_PATH && 'not the addon that is packed';

describe('the folders under npm/', () => {
  it('are one for each target', () => {
    assert.deepEqual(napi.targets.toSorted(), Object.keys(PLATFORMS).toSorted());
    const names = Object.values(PLATFORMS).map(platformName);
    assert.deepEqual(fs.readdirSync(path.join(ROOT, 'npm')).toSorted(), names.toSorted());
  });

  for (const [target, platform] of Object.entries(PLATFORMS)) {
    it(`name what the loader looks for on ${target}`, () => {
      const name = platformName(platform);
      const manifest = require(`../../npm/${name}/package.json`);
      const binary = `kms-envelope.${name}.node`;
      const { os: system, cpu, libc, files, main, engines, license } = manifest;
      assert.deepEqual({ os: system, cpu, ...(libc && { libc }) }, platform);
      assert.equal(manifest.name, `kms-envelope-${name}`);
      assert.equal(manifest.version, version);
      assert.deepEqual({ files, main }, { files: [binary], main: binary });
      assert.deepEqual({ engines, license }, { engines: { node: '>=20' }, license: 'Apache-2.0' });
      assert.ok(PLATFORMS_OF_LOADER.includes(name));
    });
  }
});

describe('the packages', { skip: otherAddon || skipWithout('python', 'peers') }, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-package-'));
  const project = path.join(folder, 'project');
  let packages;
  let moto;

  before(async () => {
    packages = packOnce(path.join(folder, 'tarballs'));
    moto = await startMoto();
  });
  after(async () => {
    await moto?.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('hold the files that users need and no others', () => {
    const code = ['bin', 'lib'].flatMap(filesIn);
    assert.ok(code.every((name) => name.endsWith('.js')));
    const types = fs.readdirSync(path.join(ROOT, 'types')).map((name) => `types/${name}`);
    assert.ok(types.every((name) => name.endsWith('.d.ts')));
    const always = ['LICENSE', 'README.md', 'package.json', 'sbom.cdx.json'];
    const written = ['CHANGELOG.md', 'SECURITY.md', 'index.d.ts', 'index.js'];
    const docs = filesIn('docs');
    const integrations = filesIn('integrations');
    assert.ok(integrations.every((name) => /\.(js|d\.ts)$/.test(name)));
    const expected = [...always, ...written, ...code, ...types, ...docs, ...integrations];
    assert.deepEqual(list(packages.main), expected.toSorted());
    for (const { name, tarball } of packages.platforms) {
      const binary = name.replace('kms-envelope-', 'kms-envelope.');
      const binaryAndNotices = [`${binary}.node`, 'THIRD-PARTY-NOTICES.txt'];
      assert.deepEqual(list(tarball), [...always, ...binaryAndNotices].toSorted());
    }
  });

  it('bring the licences of what is in a binary, and say what that is', () => {
    for (const { name, tarball } of packages.platforms) {
      const notices = tar('-xzOf', tarball, 'package/THIRD-PARTY-NOTICES.txt');
      const { bomFormat, metadata, components } = jsonIn(tarball, 'sbom.cdx.json');
      assert.deepEqual([bomFormat, metadata.component.name], ['CycloneDX', name]);
      const crates = components.map((component) => component.name);
      for (const crate of ['aws-lc-rs', 'aws-lc-sys', 'aws-sdk-kms', 'rustls', 'tokio', 'napi']) {
        assert.ok(crates.includes(crate), `${crate} is in the SBOM`);
        assert.match(notices, new RegExp(`^${crate} \\d`, 'm'));
      }
      for (const development of ['proptest', 'criterion', 'napi-build', 'napi-derive', 'cc']) {
        assert.ok(!crates.includes(development), `${development} is not in the binary`);
      }
      assert.ok(components.every(({ hashes }) => /^[0-9a-f]{64}$/.test(hashes[0].content)));
      for (const words of ['Apache License', 'Permission is hereby granted', 'Unicode']) {
        assert.ok(notices.includes(words), words);
      }
    }
    const { metadata, components } = jsonIn(packages.main, 'sbom.cdx.json');
    assert.equal(metadata.component.name, 'kms-envelope');
    assert.ok(components.some(({ name }) => name === 'cli-progress'));
    assert.ok(!components.some(({ name }) => name === 'eslint'));
  });

  it('run no script on install, and need one package, for the command line', () => {
    const platforms = packages.platforms.map(({ name }) => [name, version]);
    const manifest = manifestIn(packages.main);
    assert.deepEqual(manifest.optionalDependencies, Object.fromEntries(platforms));
    // That the library never loads it, "are one instance" below asserts.
    assert.deepEqual(Object.keys(manifest.dependencies), ['cli-progress']);
    assert.match(manifest.dependencies['cli-progress'], /^\d+\.\d+\.\d+$/, 'pinned');
    for (const { name, tarball } of packages.platforms) {
      assert.equal(manifestIn(tarball).name, name);
      assert.equal(manifestIn(tarball).optionalDependencies, undefined);
      assert.equal(manifestIn(tarball).dependencies, undefined);
    }
    for (const tarball of [packages.main, ...packages.platforms.map((entry) => entry.tarball)]) {
      const { scripts, devDependencies: development } = manifestIn(tarball);
      assert.deepEqual([scripts, development], [undefined, undefined]);
    }
  });

  it('have pages whose links hold in the package, or lead to the repository', () => {
    const unpacked = path.join(folder, 'unpacked');
    fs.mkdirSync(unpacked);
    tar('-xzf', packages.main, '-C', unpacked, '--strip-components=1');
    linkToRepository(unpacked, { version, repository: { url: 'git+https://example.com/a/b.git' } });
    const broken = pagesIn(unpacked).flatMap((page) => brokenLinks(unpacked, page));
    assert.deepEqual(broken, []);
    const readme = fs.readFileSync(path.join(unpacked, 'README.md'), 'utf8');
    assert.ok(readme.includes('](docs/errors.md)'), 'what is in the package');
    assert.ok(readme.includes(`](https://example.com/a/b/blob/v${version}/service/README.md)`));
  });

  it(`install with ${tested('pnpm')}, scripts off`, async () => {
    layOutProject(project, packages);
    const store = path.join(folder, 'store');
    await run(PNPM, ['install', '--ignore-scripts', '--store-dir', store]);
  });

  it('type-check in a strict project', () => run('node_modules/typescript/bin/tsc', []));

  for (const major of [22, 24]) {
    it(`run the README's program with KMS on Node.js ${major}`, async (t) => {
      const node = nodeBinary(major);
      if (!requireOrSkip(t, node, `Node.js ${major}`)) return;
      const { arn } = await moto.createKey();
      const { stdout } = await run('src/kms.ts', [], { node, env: kmsEnv(arn) });
      assert.match(stdout, /\nthe invoice of May\nERR_ENVELOPE_AUTHENTICATION_FAILED /);
    });

    it(`make a data key with KMS from TypeScript on Node.js ${major}`, async (t) => {
      const node = nodeBinary(major);
      if (!requireOrSkip(t, node, `Node.js ${major}`)) return;
      const { arn } = await moto.createKey();
      await moto.clearRequests();
      const { stdout } = await run('src/data-key.ts', [], { node, env: kmsEnv(arn) });
      assert.match(stdout, /^plaintext +[\w+/]{43}=$/m, 'a key of 32 bytes in base64');
      const targets = (await moto.requests()).map((request) => request.target);
      assert.deepEqual(targets, ['TrentService.GenerateDataKey']);
    });
  }

  for (const major of [20, 22, 24, 26]) {
    it(`are one instance for import and require on Node.js ${major}`, async (t) => {
      const node = nodeBinary(major);
      if (!requireOrSkip(t, node, `Node.js ${major}`)) return;
      const { stdout } = await run('src/local.cjs', [], { node });
      const { addons, loaded } = JSON.parse(stdout);
      assert.equal(addons.length, 1);
      const names = packages.platforms.map(({ name }) => name);
      assert.deepEqual(
        loaded.filter((name) => !names.includes(name)),
        ['kms-envelope'],
      );
      const installed = names.map((name) => path.join('node_modules', name));
      assert.ok(addons[0].startsWith(fs.realpathSync(folder)), addons[0]);
      assert.ok(
        installed.some((place) => addons[0].includes(place)),
        addons[0],
      );
    });
  }

  it('bring the command line', async () => {
    const bin = path.join('node_modules', 'kms-envelope', 'bin', 'kms-envelope.js');
    await run(bin, ['keygen', 'cli.key']);
    const { stdout } = await run(bin, ['doctor', '--key', 'local:cli.key']);
    assert.match(stdout, /^ok +decrypt +works$/m);
    const command = process.platform === 'win32' ? 'kms-envelope.CMD' : 'kms-envelope';
    assert.ok(fs.existsSync(path.join(project, 'node_modules', '.bin', command)));
  });

  /** Runs a script of the project, as its user would: without our environment. */
  function run(script, args, { node = process.execPath, env = {} } = {}) {
    const own = Object.entries(process.env).filter(([name]) => !/^(AWS|KMS_ENVELOPE)_/.test(name));
    const options = { cwd: project, env: { ...Object.fromEntries(own), ...env } };
    return promisify(execFile)(node, [script, ...args], options);
  }

  function kmsEnv(keyId) {
    return {
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: DEFAULT_REGION,
      AWS_ENDPOINT_URL_KMS: moto.endpoint,
      ENCRYPTION_KEY_ID: keyId,
    };
  }
});

/** What a person has who follows a tutorial, but with the packages from their tarballs. */
function layOutProject(folder, { main, platforms }) {
  const { typescript, '@types/node': nodeTypes } = devDependencies;
  const manifest = {
    private: true,
    type: 'module',
    dependencies: { 'kms-envelope': `file:${main}` },
    devDependencies: { typescript, '@types/node': nodeTypes },
  };
  const overrides = platforms.map(({ name, tarball }) => [name, `file:${tarball}`]);
  const workspace = { overrides: Object.fromEntries(overrides) };
  fs.mkdirSync(path.join(folder, 'src'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  // JSON is YAML.
  fs.writeFileSync(path.join(folder, 'pnpm-workspace.yaml'), JSON.stringify(workspace));
  const copies = {
    'tsconfig.json': '__test__/package/tsconfig.json',
    'src/local.cjs': '__test__/package/local.cjs',
    'src/data-key.ts': 'examples/kms.ts',
  };
  for (const [name, source] of Object.entries(copies)) {
    fs.copyFileSync(path.join(ROOT, source), path.join(folder, name));
  }
  // All programs of the README type-check; the first one runs.
  for (const [i, code] of codeBlocks('README.md', 'js').entries()) {
    fs.writeFileSync(path.join(folder, i === 0 ? 'src/kms.ts' : `src/readme-${i}.ts`), code);
  }
}

function platformName({ os: [system], cpu: [cpu], libc: [libc] = [] }) {
  const abi = system === 'win32' ? '-msvc' : (ABIS[libc] ?? '');
  return `${system}-${cpu}${abi}`;
}

/** The files in a folder of the repository and below. */
function filesIn(folder) {
  const below = fs.readdirSync(path.join(ROOT, folder), { recursive: true });
  const names = below.map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
  return names.filter((name) => fs.statSync(path.join(ROOT, name)).isFile());
}

/** The relative links of a page to files that are not there. */
function brokenLinks(root, page) {
  const text = fs.readFileSync(path.join(root, page), 'utf8').replace(/^```[^]*?^```/gm, '');
  const targets = [...text.matchAll(/\]\(([^)\s:#]+)(?:#[^)\s]*)?\)/g)].map(([, target]) => target);
  const place = (target) => path.join(root, path.dirname(page), target);
  return targets.filter((target) => !fs.existsSync(place(target)));
}

function list(tarball) {
  const names = tar('-tzf', tarball).trim().split('\n');
  return names.map((name) => name.replace(/^package\//, '')).toSorted();
}

function manifestIn(tarball) {
  return jsonIn(tarball, 'package.json');
}

function jsonIn(tarball, file) {
  return JSON.parse(tar('-xzOf', tarball, `package/${file}`));
}

function tar(...args) {
  return execFileSync('tar', args, { encoding: 'utf8' });
}
