'use strict';

const path = require('node:path');

const { ROOT } = require('../../scripts/prepare');
const { run, runJob } = require('../lib/child');
const { GIB, MIB } = require('../lib/keys');
const { withKms } = require('../lib/kms');
const { inNewFolder, writeRandomFile } = require('../lib/places');
const { inRounds } = require('../lib/rounds');

const PLAIN = 'client-s3';
const OURS = 'kms-envelope, S3';
const MESSAGE = 'kms-envelope, message in S3';
const PYTHON = 'S3 Encryption Client for Python';
const PYTHON_JOB = path.join(__dirname, '..', 'jobs', 's3.py');
const PYTHON_BINARY = path.join(ROOT, '.venv-s3', 'bin', 'python');

/** 1 GiB to S3 and back, by parts, on moto: ours, AWS's client for Python, and without encryption. */
async function s3({ quick }) {
  const length = quick ? 24 * MIB : GIB;
  const settings = { quick, ...(quick ? { rounds: 2 } : { rounds: 3, mostRounds: 3 }) };
  return withKms(({ keyArn, endpoint, env }) =>
    inNewFolder(async (place) => {
      const file = place('plain');
      writeRandomFile(file, length);
      const job = (party, operation) => [party, operation, file, endpoint, keyArn];
      const runs = {
        ...Object.fromEntries(
          [PLAIN, OURS, MESSAGE].map((party) => [
            party,
            (operation) => runJob('s3.js', job(party, operation), { env }),
          ]),
        ),
        [PYTHON]: async (operation) => {
          const args = [PYTHON_JOB, ...job(PYTHON, operation)];
          const { stdout } = await run(PYTHON_BINARY, args, { env: { ...process.env, ...env } });
          return JSON.parse(stdout);
        },
      };
      await runJob('s3.js', job(PLAIN, 'begin'), { env });
      const groups = [];
      for (const operation of ['put', 'get', 'getFile']) {
        const peaks = {};
        const parties = Object.entries(runs).filter(
          // AWS's client gives a stream of what has not verified yet, and writes no files.
          ([party]) => operation !== 'getFile' || party !== PYTHON,
        );
        const sides = parties.map(([party, start]) => [
          party,
          {
            single: true,
            async sample() {
              const { elapsed, rise } = await start(operation);
              peaks[party] = Math.max(peaks[party] ?? 0, rise);
              return elapsed;
            },
          },
        ]);
        const measured = await inRounds(Object.fromEntries(sides), settings);
        groups.push({ name: `${operation}, S3`, bytes: length, sides: measured });
        groups.push({ name: `${operation}, S3, memory`, bytes: length, figures: peaks });
      }
      return groups;
    }),
  );
}

module.exports = { s3 };
