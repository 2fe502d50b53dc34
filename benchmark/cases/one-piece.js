'use strict';

const { startJob } = require('../lib/child');
const { countScheduled } = require('../lib/clock');
const { MIB, SIZES } = require('../lib/keys');
const { partiesOf, worksInFlight } = require('../lib/parties');
const { inRounds, together } = require('../lib/rounds');
const { withAwsLc } = require('../peers/aws-lc-rs');

const WIDTH = 16;
/** How fast fresh memory is, is a matter of luck that lasts as long as a process: they are made anew. */
const GENERATIONS = 3;
const ROUNDS = { rounds: 7, mostRounds: 21, budgetMs: 7000 };
/** Of what takes seconds a round, fewer. */
const LARGE_ROUNDS = { rounds: 4, mostRounds: 11, budgetMs: 7000 };

/**
 * One length in one piece: to encrypt and to decrypt, each with a local key and with a warm cache.
 *
 * @param {{ quick: boolean, size: keyof typeof SIZES }} options
 */
async function onePiece({ quick, size }) {
  // Only so large a message is shared among cores; and a build for it takes long.
  const withRaw = size === '64 MiB' && !quick ? withAwsLc : (work) => work(() => ({}));
  return withRaw(async (raw) => [
    ...(await withKey({ cached: false, quick, size, raw })),
    ...(await withKey({ cached: true, quick, size, raw })),
  ]);
}

async function withKey({ cached, quick, size, raw }) {
  const length = SIZES[size];
  const rounds = length > MIB ? LARGE_ROUNDS : ROUNDS;
  const names = partiesOf({ cached, quick, length });
  const measured = { encrypt: [], decrypt: [] };
  for (let generation = 0; generation < (quick ? 1 : GENERATIONS); generation++) {
    const parties = await startAll(names, length, cached);
    for (const [operation, all] of Object.entries(measured)) {
      const sides = { ...sidesOf(parties, operation, length), ...raw(operation, length) };
      all.push(await inRounds(sides, { quick, ...(quick ? {} : rounds) }));
    }
    for (const party of Object.values(parties)) party.stop();
  }
  return Object.entries(measured).map(([operation, all]) => ({
    name: `${operation}, ${cached ? 'warm cache' : 'local key'}`,
    bytes: length,
    sides: together(all),
  }));
}

/** Each in a process of its own, one after another: each checks first that it works. */
async function startAll(names, length, cached) {
  const parties = {};
  for (const name of names) parties[name] = await start(name, length, cached);
  return parties;
}

async function start(name, length, cached) {
  const job = await startJob('party.js', [name, String(length), cached ? 'cached' : 'local']);
  let scheduled;
  return {
    async sample(operation, width, count) {
      const told = await job.ask({ operation, width, count });
      scheduled = told.scheduled;
      return told.elapsed;
    },
    stop() {
      if (scheduled) countScheduled(scheduled);
      job.stop();
    },
  };
}

function sidesOf(parties, operation, length) {
  const sides = {};
  for (const [name, party] of Object.entries(parties)) {
    const side = (width) => ({ sample: (count) => party.sample(operation, width, count) });
    sides[name] = side(1);
    // 16 messages of 64 MiB at once would measure the memory alone.
    if (worksInFlight(name) && length <= MIB) sides[`${name}, ${WIDTH} in flight`] = side(WIDTH);
  }
  return sides;
}

module.exports = { onePiece };
