'use strict';

const { startBench } = require('../lib/bench-process');
const { startJob } = require('../lib/child');
const { inRounds } = require('../lib/rounds');
const { PARTIES } = require('../peers/kms-callers');

const WIDTH = 50;
/** A sample has so many calls that its processor time is far above the clock's step. */
const SAMPLE_CALLS = { busy: 2000, sequential: 400 };

/**
 * A data key of KMS and a message of 256 bytes under it: what that costs the process in user and system
 * time with 50 calls in flight, and how long it takes one after another.
 */
async function kmsCost({ quick }) {
  const kms = await startJob('kms-answers.js', []);
  const { endpoint } = kms.told;
  const parties = {};
  // Left out of a quick run: linking the program takes longer than all else.
  const hyper = quick ? undefined : await startBench('hyper', { args: [new URL(endpoint).host] });
  try {
    for (const name of Object.keys(PARTIES)) {
      parties[name] = await startJob('kms-party.js', [name, endpoint]);
    }
    const sides = (count, width, unit) =>
      Object.fromEntries(
        Object.entries(parties).map(([name, { ask }]) => [name, side(ask, count, width, unit)]),
      );
    const { busy, sequential } = SAMPLE_CALLS;
    const measured = (calls) => inRounds(calls, { quick });
    return [
      {
        name: `processor time, ${WIDTH} in flight`,
        sides: await measured(sides(busy, WIDTH, 'processor')),
      },
      {
        name: 'time, one after another',
        sides: await measured({
          ...sides(sequential, 1, 'elapsed'),
          ...(hyper && { 'hyper, a bare request': bare(hyper.ask, sequential) }),
        }),
      },
    ];
  } finally {
    for (const job of [...Object.values(parties), hyper, kms]) job?.stop();
  }
}

/** One sample has always as many calls; what it returns is of one of them. */
function side(ask, count, width, unit) {
  return {
    single: true,
    sample: async () => (await ask({ count, width }))[unit] / count,
  };
}

/** The floor: a request in Rust, with neither JavaScript nor the AWS SDK. */
function bare(ask, count) {
  return { single: true, sample: async () => (await ask(String(count))) / count };
}

module.exports = { kmsCost };
