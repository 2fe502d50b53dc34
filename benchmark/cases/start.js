'use strict';

const { runJob } = require('../lib/child');
const { withKms } = require('../lib/kms');
const { inRounds } = require('../lib/rounds');

const ROUNDS = { rounds: 21, mostRounds: 41 };

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

/** One process gives the time of each phase: the figures of a round belong together. */
async function phases(parties, { quick, args = [], env }) {
  const names = ['load', 'call', 'both', 'sinceStart'];
  const last = {};
  const sides = (phase) =>
    Object.fromEntries(
      parties.map((party) => [
        party,
        {
          single: true,
          async sample() {
            last[party] = await runJob('start.js', [party, ...args], { env });
            return last[party][phase];
          },
        },
      ]),
    );
  const groups = [];
  for (const phase of names) {
    groups.push({
      name: phase,
      sides: await inRounds(sides(phase), { quick, ...(quick ? {} : ROUNDS) }),
    });
  }
  return groups;
}

module.exports = { kmsStart, localStart };
