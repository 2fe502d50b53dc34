'use strict';

const { runJob } = require('../lib/child');
const { withKms } = require('../lib/kms');
const { inRounds } = require('../lib/rounds');

const ROUNDS = { rounds: 21, mostRounds: 41 };
const PHASES = ['load', 'call', 'both', 'sinceStart'];

/** From a fresh process: to load the package, and to encrypt for the first time. */
async function localStart({ quick }) {
  return phases(['kms-envelope', 'bare node', 'client-node'], { quick });
}

/** The same under a KMS key; the emulator's answer takes each side the same time. */
async function kmsStart({ quick }) {
  return withKms(async ({ keyArn, endpoint, env }) => {
    const parties = [
      'kms-envelope, KMS',
      'bare node',
      'client-kms and node:crypto',
      'client-node, KMS',
    ];
    return phases(parties, { quick, args: [keyArn, endpoint], env });
  });
}

/** Each phase with processes of its own, so that each is settled by itself. */
async function phases(parties, { quick, args = [], env }) {
  const sides = (phase) =>
    Object.fromEntries(
      parties.map((party) => [
        party,
        {
          single: true,
          async sample() {
            const times = await runJob('start.js', [party, ...args], { env });
            return times[phase];
          },
        },
      ]),
    );
  const groups = [];
  for (const phase of PHASES) {
    groups.push({
      name: phase,
      sides: await inRounds(sides(phase), { quick, ...(quick ? {} : ROUNDS) }),
    });
  }
  return groups;
}

module.exports = { kmsStart, localStart };
