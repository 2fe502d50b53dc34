'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { publish, startRegistry } = require('./local-registry');
const { runMain } = require('./run-main.js');
const { dependencies } = require('../__test__/peers/package.json');

const ROOT = path.join(__dirname, '..');
const PNPM = path.join(ROOT, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');
const ROUNDS = 5;
const PEER = '@aws-crypto/client-node';

/** The packages that are compared, each with a program that makes a key, encrypts and decrypts. */
const SIDES = {
  'kms-envelope': {
    name: 'kms-envelope',
    program: `
      import { Envelope, LocalKeyring } from "kms-envelope";
      LocalKeyring.generate("dev.key");
      const envelope = new Envelope("local:dev.key");
      console.log(String(await envelope.decrypt(await envelope.encrypt("it works"))));`,
  },
  [PEER]: {
    name: `${PEER}@${dependencies[PEER]}`,
    program: `
      import { randomBytes } from "node:crypto";
      import client from "@aws-crypto/client-node";
      const { buildClient, RawAesKeyringNode, RawAesWrappingSuiteIdentifier: suites } = client;
      const { encrypt, decrypt } = buildClient();
      const keyring = new RawAesKeyringNode({
        keyNamespace: "dev", keyName: "key", unencryptedMasterKey: randomBytes(32),
        wrappingSuite: suites.AES256_GCM_IV12_TAG16_NO_PADDING,
      });
      const { result } = await encrypt(keyring, "it works");
      console.log(String((await decrypt(keyring, result)).plaintext));`,
  },
};

/**
 * `node scripts/first-message.js`: measures the time from `pnpm add` to the first decrypted message, and
 * the same for the Encryption SDK for JavaScript. Both are installed from a registry on this machine, so
 * that no network is measured, into an empty store of pnpm.
 */
async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-first-'));
  const registry = await startRegistry(folder);
  try {
    publish(folder, registry.url);
    // Not measured: the registry fetches the packages that it does not have yet.
    for (const side of Object.values(SIDES)) attempt(folder, registry.url, side);
    const rounds = Array.from({ length: ROUNDS }, (_, round) => {
      const sides = Object.entries(SIDES);
      const order = round % 2 === 0 ? sides : sides.toReversed();
      const measured = order.map(([name, side]) => [name, attempt(folder, registry.url, side)]);
      return Object.fromEntries(measured);
    });
    report(rounds);
  } finally {
    await registry.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Installs one side in a fresh folder, and runs its program.
 *
 * @returns {{ add: number, run: number }} seconds
 */
function attempt(folder, registry, { name, program }) {
  const project = fs.mkdtempSync(path.join(folder, 'project-'));
  try {
    fs.writeFileSync(path.join(project, 'package.json'), '{"type":"module","private":true}');
    fs.writeFileSync(path.join(project, 'first.js'), program);
    const stores = ['store', 'cache'].map((kind) => `--${kind}-dir=${project}/.${kind}`);
    const flags = [`--registry=${registry}`, '--silent', ...stores];
    const add = seconds(() => run(project, [PNPM, 'add', name, ...flags]));
    let output;
    const ran = seconds(() => (output = run(project, ['first.js'])));
    if (output !== 'it works\n') throw new Error(`${name}: the program printed ${output}`);
    return { add, run: ran };
  } finally {
    fs.rmSync(project, { recursive: true, force: true });
  }
}

function run(cwd, args) {
  const options = { cwd, stdio: ['ignore', 'pipe', 'inherit'] };
  return execFileSync(process.execPath, args, options).toString();
}

function seconds(work) {
  const started = performance.now();
  work();
  return (performance.now() - started) / 1000;
}

function report(rounds) {
  for (const part of ['add', 'run']) {
    const title = part === 'add' ? 'pnpm add' : 'the program, from its start to its end';
    console.log(title);
    for (const name of Object.keys(SIDES)) {
      const middle = median(rounds.map((round) => round[name][part]));
      console.log(`  ${name.padEnd(24)}${middle.toFixed(2).padStart(6)} s`);
    }
    const ratio = median(rounds.map((round) => round[PEER][part] / round['kms-envelope'][part]));
    console.log(`  ${'times as fast'.padEnd(24)}${ratio.toFixed(1).padStart(6)}`);
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

runMain(main);
