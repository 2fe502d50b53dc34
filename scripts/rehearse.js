'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { npm, publish, startRegistry } = require('./local-registry');
const { runMain } = require('./run-main.js');

/**
 * `node scripts/rehearse.js`: rehearses a release with a registry on this machine: packs what is built,
 * publishes it, installs it by name in a fresh folder, and runs a program.
 */
async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-rehearsal-'));
  const registry = await startRegistry(folder);
  try {
    for (const file of publish(folder, registry.url)) {
      console.log(`published ${path.basename(file)}, ${fs.statSync(file).size} bytes`);
    }
    installAndRun(folder, registry.url);
    console.log(
      'the release can go on; npm signs its provenance only where the workflow publishes it',
    );
  } finally {
    await registry.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Installs the package in a folder such as `npm init -y` makes, looks at its files, and runs a program. */
function installAndRun(folder, registry) {
  const project = path.join(folder, 'project');
  fs.mkdirSync(project);
  fs.writeFileSync(path.join(project, 'package.json'), '{"type":"commonjs"}');
  const started = Date.now();
  npm(project, registry, ['install', 'kms-envelope']);
  console.log(`installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);

  const installed = path.join(project, 'node_modules');
  const [platform] = fs.readdirSync(installed).filter((name) => name.startsWith('kms-envelope-'));
  for (const file of [
    'kms-envelope/sbom.cdx.json',
    'kms-envelope/docs/errors.md',
    `${platform}/sbom.cdx.json`,
    `${platform}/THIRD-PARTY-NOTICES.txt`,
  ]) {
    if (!fs.existsSync(path.join(installed, file))) throw new Error(`${file} is missing`);
  }

  const program = `
    import { Envelope, LocalKeyring } from "kms-envelope";
    LocalKeyring.generate("dev.key");
    const envelope = new Envelope("local:dev.key");
    console.log((await envelope.decrypt(await envelope.encrypt("it works"))).toString());`;
  fs.writeFileSync(path.join(project, 'first.mjs'), program);
  const output = execFileSync(process.execPath, ['first.mjs'], { cwd: project }).toString();
  if (output !== 'it works\n') throw new Error(`the program printed ${output}`);
}

runMain(main);
