'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');

const { jobSide, run, runJob } = require('../lib/child');
const { GIB, MIB } = require('../lib/keys');
const { inNewFolder, writeRandomFile } = require('../lib/places');
const { inRounds } = require('../lib/rounds');

const CLIENTS = ['our suite, 64 KiB frames', 'our suite, 4 KiB frames', 'defaults'].map(
  (writes) => `client-node, ${writes}`,
);

/** 1 GiB through Node.js streams, from file to file; and 256 MiB, where the start counts more. */
async function streams({ quick }) {
  const clients = quick ? CLIENTS.slice(0, 1) : CLIENTS;
  const all = ['kms-envelope', 'bare copy', 'node:crypto', ...clients];
  const groups = await compare(quick, all, 'stream');
  if (quick) return groups;
  const shorter = { length: 256 * MIB, rounds: 15, mostRounds: 31 };
  const copied = await compare(quick, all.slice(0, 2), 'stream of 256 MiB', shorter);
  return [...groups, ...copied];
}

/** 1 GiB from file to file, by whatever does it best. */
function files({ quick }) {
  const parties = ['kms-envelope, file', 'cp', 'kms-envelope'];
  return compare(
    quick,
    quick ? parties : [...parties, 'client-node, our suite, 64 KiB frames'],
    'file',
  );
}

async function compare(quick, parties, subject, { length, rounds = 5, mostRounds = 9 } = {}) {
  length ??= quick ? 128 * MIB : GIB;
  return inNewFolder(async (place) => {
    const [plain, copy] = [place('plain'), place('copy')];
    writeRandomFile(plain, length);
    const groups = [];
    for (const operation of ['encrypt', 'decrypt']) {
      const sides = {};
      for (const party of parties) {
        // `createDecipheriv` would have to keep the tag apart; the other way round says as much.
        if (party === 'node:crypto' && operation === 'decrypt') continue;
        const source = operation === 'encrypt' ? plain : await messageOf(party, plain, place);
        if (operation === 'encrypt') await verify(party, plain, copy, place);
        sides[party] = sideOf(party, operation, source, copy);
      }
      const settings = quick ? { rounds: 3 } : { rounds, mostRounds, budgetMs: 120_000 };
      groups.push({
        name: `${operation}, ${subject}`,
        bytes: length,
        sides: await inRounds(sides, { quick, ...settings }),
      });
    }
    return groups;
  });
}

function sideOf(party, operation, source, copy) {
  const prepare = () => fs.rmSync(copy, { force: true });
  if (party !== 'cp') return jobSide('transfer.js', [party, operation, source, copy], { prepare });
  return {
    single: true,
    async sample() {
      prepare();
      const started = process.hrtime.bigint();
      await run('cp', [source, copy]);
      return Number(process.hrtime.bigint() - started);
    },
  };
}

/** Two clients that write the same share a message: it takes the room of a GiB. */
async function messageOf(party, plain, place) {
  if (party === 'bare copy' || party === 'cp') return plain;
  const message = place(`message of ${party.replace(', file', '')}`);
  if (!fs.existsSync(message)) {
    await runJob('transfer.js', [party.replace(', file', ''), 'encrypt', plain, message]);
  }
  return message;
}

/** There and back must give the same bytes. */
async function verify(party, plain, copy, place) {
  if (party === 'bare copy' || party === 'cp' || party === 'node:crypto') return;
  const message = await messageOf(party, plain, place);
  fs.rmSync(copy, { force: true });
  await runJob('transfer.js', [party, 'decrypt', message, copy]);
  await assert.doesNotReject(run('cmp', [plain, copy]), `${party} gives other bytes back`);
}

module.exports = { files, streams };
