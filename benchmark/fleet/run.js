'use strict';

// Counts what a fleet asks KMS and DynamoDB for in ten minutes of model time, and draws it for
// docs/branch-keys.md:
//
//   node benchmark/fleet/run.js
//
// It takes some minutes, a C compiler and Linux.
const { execFileSync, fork } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { FLEET } = require('./fleet');
const { pictureOf } = require('./picture');
const { tableOf } = require('./table');

const DOCS = path.join(__dirname, '..', '..', 'docs');
const SYSTEMS = ['plain KMS', 'cache', 'branch keys'];

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-fleet-'));
  try {
    const library = path.join(folder, 'clock.so');
    const source = path.join(__dirname, 'clock.c');
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source], { stdio: 'inherit' });
    const results = {};
    for (const system of SYSTEMS) results[system] = await simulated(system, folder, library);
    fs.writeFileSync(path.join(DOCS, 'pictures', 'fleet.svg'), pictureOf(results, FLEET));
    console.log(tableOf(results, FLEET));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** The calls of each minute, of KMS and of DynamoDB. */
async function simulated(system, folder, library) {
  const clock = path.join(folder, 'clock');
  fs.writeFileSync(clock, Buffer.alloc(8));
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: 'fleet',
    AWS_SECRET_ACCESS_KEY: 'fleet',
    AWS_REGION: 'eu-west-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    MODEL_CLOCK: clock,
    LD_PRELOAD: library,
  };
  const child = fork(path.join(__dirname, 'simulation.js'), [system], { env });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the simulation of ${system} has ended with ${code}`);
  });
  const [{ perMinute }] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {});
  return perMinute;
}

main();
