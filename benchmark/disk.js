'use strict';

// `BYTES=8589934592 node benchmark/disk.js [FOLDER]`: a file on a real disk, by `encryptFile`, `decryptFile`
// and by `cp` with `sync`. What the system has kept of the disk in memory is dropped before each, as far as
// it can be. Prints a table; keeps nothing.
const fs = require('node:fs');
const path = require('node:path');

const { inRounds } = require('./lib/rounds');
const { run, runJob } = require('./lib/child');
const { GIB } = require('./lib/keys');
const { writeRandomFile } = require('./lib/places');
const { digits, duration, ratioOf, throughput } = require('./report/figures');

const DROP = '/proc/sys/vm/drop_caches';
const OURS = 'kms-envelope, file';

async function main(parent = __dirname) {
  const length = Number(process.env.BYTES ?? GIB);
  const folder = fs.mkdtempSync(path.join(parent, 'disk-'));
  const remove = () => fs.rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove).once('SIGINT', () => process.exit(130));
  const [plain, message, copy] = ['plain', 'message', 'copy'].map((name) =>
    path.join(folder, name),
  );
  writeRandomFile(plain, length);
  await runJob('transfer.js', [OURS, 'encrypt', plain, message]);
  console.log('| operation | ours | cp and sync | ours / cp | spread | rate |');
  console.log('| :- | -: | -: | -: | -: | -: |');
  for (const [operation, source] of [
    ['encrypt', plain],
    ['decrypt', message],
  ]) {
    const sides = await inRounds(
      {
        ours: side(copy, source, async () => {
          const { elapsed } = await runJob('transfer.js', [OURS, operation, source, copy]);
          return elapsed;
        }),
        cp: side(copy, source, async () => {
          const started = process.hrtime.bigint();
          await run('sh', ['-ec', 'cp "$1" "$2" && sync "$2"', 'sh', source, copy]);
          return Number(process.hrtime.bigint() - started);
        }),
      },
      { rounds: 5, mostRounds: 0 },
    );
    console.log(row(operation, length, sides));
  }
  remove();
}

/** Each begins without the copy of before, and with a source that must be read from the disk. */
function side(copy, source, sample) {
  return {
    single: true,
    async sample() {
      fs.rmSync(copy, { force: true });
      await dropFromMemory(source);
      return sample();
    },
  };
}

/** All that the system keeps, which only root may drop; else this file, by dd's `posix_fadvise`. */
async function dropFromMemory(file) {
  await run('sync', [file]);
  try {
    fs.writeFileSync(DROP, '3');
  } catch {
    await run('dd', [`if=${file}`, 'iflag=nocache', 'count=0']);
  }
}

function row(operation, length, sides) {
  const cases = { disk: { groups: [{ name: operation, sides }] } };
  const { ratio, spread } = ratioOf(cases, 'disk', operation, 'ours', 'cp');
  const times = [sides.ours.median, sides.cp.median].map(duration).join(' | ');
  const rate = throughput(length, sides.ours.median);
  return `| ${operation}File | ${times} | ${digits(ratio)} | ${digits(100 * spread)} % | ${rate} |`;
}

main(process.argv[2]).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
