'use strict';

const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { promisify } = require('node:util');
const { tested } = require('../support/deployments');
const { temporaryFolder } = require('../support/files');
const { installPacked } = require('../support/packed');
const { projectFolder } = require('../support/project');
const { PYTHON, SURROUNDINGS, skipWithout } = require('../support/requirements');
const { MODULES, userEnvironment } = require('../support/runtimes');

const ROOT = path.join(__dirname, '..', '..');
const WINDOWS = process.platform === 'win32';
const otherAddon = process.env.KMS_ENVELOPE_NATIVE_PATH && 'not the addon that is packed';
const skip = otherAddon || skipWithout('runtimes', 'python');
const WORKS = '{"outcome":"works"}\n';
const TARGETS = {
  'linux-x64-gnu': ['--os=linux', '--cpu=x64', '--libc=glibc'],
  'linux-arm64-gnu': ['--os=linux', '--cpu=arm64', '--libc=glibc'],
  'linux-arm64-musl': ['--os=linux', '--cpu=arm64', '--libc=musl'],
  'darwin-arm64': ['--os=darwin', '--cpu=arm64'],
};
/** Loads the handler of a function as Lambda does, and prints what it answers. */
const RUNTIME = `require(process.env.LAMBDA_TASK_ROOT + '/main.js').handler({}).then(console.log)`;

describe('the packed package, installed', { skip }, () => {
  const project = projectFolder();
  const programs = path.join(project, 'programs');
  let tarballs;

  before(() => {
    fs.cpSync(path.join(SURROUNDINGS, 'programs'), programs, { recursive: true });
    ({ tarballs } = installPacked(project));
  });

  it(`works with ${tested("Yarn Plug'n'Play")}`, async () => {
    const folder = temporaryFolder();
    const { main, platforms } = tarballs;
    const resolutions = platforms.map(({ name, tarball }) => [name, `file:${tarball}`]);
    writeJson(path.join(folder, 'package.json'), {
      private: true,
      dependencies: { 'kms-envelope': `file:${main}` },
      resolutions: {
        ...Object.fromEntries(resolutions),
        // For the command line only, and nothing need be fetched.
        'cli-progress': `link:${path.join(ROOT, 'node_modules', 'cli-progress')}`,
      },
    });
    const settings = ['enableGlobalCache: false', 'enableNetwork: false', 'nodeLinker: pnp'];
    fs.writeFileSync(path.join(folder, '.yarnrc.yml'), settings.join('\n'));
    fs.writeFileSync(path.join(folder, 'yarn.lock'), '');
    fs.cpSync(programs, path.join(folder, 'programs'), { recursive: true });
    const yarn = path.join(MODULES, '@yarnpkg', 'cli-dist', 'bin', 'yarn.js');
    const env = { CI: 'false', YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' };
    await run([yarn, 'install'], { cwd: folder, env });
    assert.ok(!fs.existsSync(path.join(folder, 'node_modules', 'kms-envelope')));
    assert.equal(await run([yarn, 'node', 'programs/main.cjs'], { cwd: folder }), WORKS);
  });

  it(`brings with ${tested('npm, for another platform')} the binary of that platform only`, async () => {
    const folder = temporaryFolder();
    const optionalDependencies = Object.fromEntries(
      fs.readdirSync(path.join(ROOT, 'npm')).map((platform) => {
        const tarball = path.join(folder, `${platform}.tgz`);
        pretendToPack(platform, tarball);
        return [`kms-envelope-${platform}`, `file:${tarball}`];
      }),
    );
    for (const [platform, flags] of Object.entries(TARGETS)) {
      const own = path.join(folder, platform);
      writeJson(path.join(own, 'package.json'), { private: true, optionalDependencies });
      const quiet = [
        '--offline',
        '--no-audit',
        '--no-fund',
        '--no-package-lock',
        '--loglevel=error',
      ];
      const options = { cwd: own, env: userEnvironment(), shell: WINDOWS };
      await promisify(execFile)('npm', ['install', ...quiet, ...flags], options);
      const modules = path.join(own, 'node_modules');
      const names = fs.readdirSync(modules).filter((name) => !name.startsWith('.'));
      assert.deepEqual(names, [`kms-envelope-${platform}`]);
    }
  });

  describe(tested('AWS Lambda: zip and layer'), () => {
    it('works from the zip file of a function', async () => {
      const { task } = await deploy({ task: ['main.js', 'programs', 'node_modules'] });
      assert.equal(await invoke(task), 'works\n');
    });

    it('works from a layer', async () => {
      const files = { task: ['main.js', 'programs'], layer: ['nodejs'] };
      const { task, layer } = await deploy(files);
      // What Lambda's own runtimes set.
      assert.equal(await invoke(task, path.join(layer, 'nodejs', 'node_modules')), 'works\n');
      await assert.rejects(invoke(task), /Cannot find module 'kms-envelope'/);
    });

    /** Makes a zip file of some files of the project, and unpacks it, for each name. */
    async function deploy(zips) {
      const source = temporaryFolder();
      const handler = `exports.handler = () => require('./programs/exercise.cjs').exercise(require('kms-envelope'));`;
      fs.writeFileSync(path.join(source, 'main.js'), handler);
      fs.cpSync(programs, path.join(source, 'programs'), { recursive: true });
      for (const folder of ['node_modules', 'nodejs/node_modules']) {
        fs.cpSync(path.join(project, 'node_modules'), path.join(source, folder), {
          recursive: true,
        });
      }
      const target = temporaryFolder();
      for (const [name, files] of Object.entries(zips)) {
        const zip = path.join(target, `${name}.zip`);
        execFileSync(PYTHON, ['-m', 'zipfile', '-c', zip, ...files], { cwd: source });
        execFileSync(PYTHON, ['-m', 'zipfile', '-e', zip, path.join(target, name)]);
      }
      return { task: path.join(target, 'task'), layer: path.join(target, 'layer') };
    }

    function invoke(task, layer) {
      const env = { LAMBDA_TASK_ROOT: task, ...(layer && { NODE_PATH: layer }) };
      return run(['-e', RUNTIME], { cwd: task, env });
    }
  });

  async function run(args, { cwd, env = {} }) {
    const options = { cwd, env: userEnvironment(env) };
    return (await promisify(execFile)(process.execPath, args, options)).stdout;
  }
});

/** The tarball of a platform as npm chooses it: its manifest is the real one, its binary is none. */
function pretendToPack(platform, tarball) {
  const folder = path.join(temporaryFolder(), 'package');
  const manifest = path.join(ROOT, 'npm', platform, 'package.json');
  fs.cpSync(manifest, path.join(folder, 'package.json'));
  fs.writeFileSync(path.join(folder, require(manifest).main), '');
  execFileSync('tar', ['-czf', tarball, '-C', path.dirname(folder), 'package']);
}

function writeJson(file, value) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, JSON.stringify(value));
}
