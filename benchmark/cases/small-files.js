'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const { run } = require('../lib/child');
const { KEY, KIB } = require('../lib/keys');
const { inNewFolder, writeRandomFile } = require('../lib/places');
const { inRounds } = require('../lib/rounds');

const COMMAND = path.join(__dirname, '..', '..', 'bin', 'kms-envelope.js');
const LENGTH = 4 * KIB;
/** So many that the start of the command counts little. */
const COUNT = 10_000;

/** Many small files of a folder: our command once, and a shell that runs openssl for each of them. */
async function smallFiles() {
  return inNewFolder(async (place) => {
    const [plain, out, key] = [place('plain'), place('out'), `local:${place('key')}`];
    fs.mkdirSync(plain);
    for (let i = 0; i < COUNT; i++) writeRandomFile(path.join(plain, String(i)), LENGTH);
    await ours(['keygen', place('key')]);
    const encrypt = ['encrypt', '--quiet', '--recursive', plain, '--output', out, '--key', key];
    const sides = {
      'kms-envelope, one command': folder(out, () => ours(encrypt)),
      'kms-envelope, one command, --cache': folder(out, () => ours([...encrypt, '--cache'])),
      'openssl enc, a loop of the shell': folder(out, () => openssl(plain, out)),
    };
    const measured = await inRounds(sides, { rounds: 3, mostRounds: 0 });
    return [
      {
        name: `${COUNT.toLocaleString('en')} files of 4 KiB`,
        bytes: COUNT * LENGTH,
        sides: measured,
      },
    ];
  });
}

function ours(args) {
  return run(process.execPath, [COMMAND, ...args]);
}

/** With the key itself, which is the fastest: from a password it would be derived for each file. */
function openssl(plain, out) {
  const cipher = `openssl enc -aes-256-ctr -K ${KEY.bytes.toString('hex')} -iv ${'0'.repeat(32)}`;
  const loop = `mkdir "$2" && for file in "$1"/*; do ${cipher} -in "$file" -out "$2/\${file##*/}"; done`;
  return run('sh', ['-ec', loop, 'sh', plain, out]);
}

/** A side that fills a folder, which must be complete afterwards. */
function folder(out, fill) {
  return {
    single: true,
    async sample() {
      fs.rmSync(out, { recursive: true, force: true });
      const started = process.hrtime.bigint();
      await fill();
      const elapsed = Number(process.hrtime.bigint() - started);
      assert.equal(fs.readdirSync(out).length, COUNT);
      return elapsed;
    },
  };
}

module.exports = { smallFiles };
