'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');

const { Envelope } = require('../..');
const { temporaryFolder } = require('../support/files');
const { rawAes } = require('../support/raw-aes');

const JOB = path.join(__dirname, '..', 'support', 'file-job.js');
const NEW_FILE_JOB = path.join(__dirname, '..', 'support', 'new-file-job.js');
const WITHOUT = path.join(__dirname, '..', 'support', 'without.py');
const CALLS = 'fsync,fdatasync,link,linkat,rename,renameat,renameat2';

const folder = fs.realpathSync(temporaryFolder());
// The key of file-job.js.
const wrappingKey = Buffer.alloc(32, 1);
const keyring = rawAes('key', wrappingKey);

describe('a file outlasts a loss of power: it is synced before it has its name, and its folder after', () => {
  const sources = {
    encryptFile: path.join(folder, 'plaintext'),
    decryptFile: path.join(folder, 'message'),
  };
  before(async () => {
    fs.writeFileSync(sources.encryptFile, 'some plaintext');
    await new Envelope({ keyring }).encryptFile(sources.encryptFile, sources.decryptFile);
  });

  for (const operation of ['encryptFile', 'decryptFile']) {
    for (const old of [undefined, 'what was there before']) {
      it(`${operation} ${old ? 'that replaces a file' : 'to a new file'}`, (t) => {
        if (spawnSync('strace', ['-V']).status !== 0) return t.skip('needs strace');
        const place = path.join(fs.mkdtempSync(path.join(folder, 'place-')), 'out');
        if (old) fs.writeFileSync(place, old);
        const steps = stepsOf(place, [JOB, operation, sources[operation], place]);
        assert.deepEqual(steps, ['sync file', 'name', 'sync folder']);
      });
    }
  }

  it('where its name cannot be linked, and it is copied: both are synced', (t) => {
    const wrapper = ['python3', WITHOUT, 'links'];
    if (spawnSync('strace', ['-V']).status !== 0) return t.skip('needs strace');
    if (spawnSync(wrapper[0], [...wrapper.slice(1), 'true']).status !== 0) return t.skip('seccomp');
    const place = path.join(fs.mkdtempSync(path.join(folder, 'place-')), 'out');
    const steps = stepsOf(place, [JOB, 'encryptFile', sources.encryptFile, place], wrapper);
    assert.deepEqual(steps, ['sync file', 'name', 'sync file', 'name', 'sync folder']);
  });

  it('written piece by piece', (t) => {
    if (spawnSync('strace', ['-V']).status !== 0) return t.skip('needs strace');
    const place = path.join(fs.mkdtempSync(path.join(folder, 'place-')), 'out');
    const steps = stepsOf(place, [NEW_FILE_JOB, place, 'begin', 'place', 'exit']);
    assert.deepEqual(steps, ['sync file', 'name', 'sync folder']);
  });
});

/** Returns what a job does, in order: syncs a file or the folder of `place`, and gives `place` its name. */
function stepsOf(place, job, wrapper = []) {
  const log = path.join(folder, 'trace');
  const trace = ['-f', '-y', '-s', '4096', '-o', log, '-e', `trace=${CALLS}`];
  const args = [...trace, ...wrapper, process.execPath, ...job];
  const { status, stderr } = spawnSync('strace', args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return fs
    .readFileSync(log, 'utf8')
    .split('\n')
    .flatMap((line) => stepOf(line, place));
}

/** Returns the step that a line of strace's shows, if it is one. The line of a call shows its start. */
function stepOf(line, place) {
  const synced = /^\d+ +f(?:data)?sync\(\d+<(.*?)>/.exec(line)?.[1];
  if (synced === path.dirname(place)) return ['sync folder'];
  if (synced !== undefined) return synced.startsWith(path.dirname(place)) ? ['sync file'] : [];
  return /^\d+ +(?:link|rename)/.test(line) && line.includes(`"${place}"`) ? ['name'] : [];
}
