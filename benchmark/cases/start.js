'use strict';

const { runJob, startJob } = require('../lib/child');
const { ENVIRONMENT, withKms } = require('../lib/kms');
const { KMS_ANSWER } = require('../lib/kms-answer');
const { inRounds } = require('../lib/rounds');

const ROUNDS = { rounds: 21, mostRounds: 41 };
const PHASES = ['load', 'call', 'both', 'sinceStart'];

/** From a fresh process: to load the package, and to encrypt for the first time. */
async function localStart({ quick }) {
  return phases(['kms-envelope', 'bare node', 'client-node'], { quick });
}

/** The same under a KMS key of moto, whose answer takes each side the same time. */
async function kmsStart({ quick }) {
  return withKms(({ keyArn, endpoint, env }) => underKms(keyArn, endpoint, { quick, env }));
}

/** The same where KMS answers at once: what it costs the process. */
async function kmsStartAtOnce({ quick }) {
  const kms = await startJob('kms-answers.js', []);
  try {
    return await underKms(KMS_ANSWER.KeyId, kms.told.endpoint, { quick, env: ENVIRONMENT });
  } finally {
    kms.stop();
  }
}

function underKms(keyArn, endpoint, { quick, env }) {
  const parties = [
    'kms-envelope, KMS',
    'bare node',
    'client-kms and node:crypto',
    'client-node, KMS',
  ];
  return phases(parties, { quick, args: [keyArn, endpoint], env });
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

module.exports = { kmsStart, kmsStartAtOnce, localStart };
