'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { needed, OLDEST, tooNew } = require('../../scripts/glibc');
const { temporaryFolder } = require('../support/files');
const { requireOrSkip } = require('../support/requirements');

const ROOT = path.join(__dirname, '..', '..');
const ADDON = path.join(ROOT, 'kms-envelope.linux-x64-gnu.node');
const LINUX = process.platform === 'linux' && process.arch === 'x64';
const SOURCE = `
  __asm__(".symver old_memcpy, memcpy@GLIBC_2.14");
  __asm__(".symver new_pthread_create, pthread_create@GLIBC_2.34");
  extern void old_memcpy(void), new_pthread_create(void), napi_throw(void), of_nobody(void);
  extern void perhaps(void) __attribute__((weak));
  void all(void) {
    old_memcpy(), new_pthread_create(), napi_throw(), of_nobody();
    if (perhaps) perhaps();
  }`;

describe('the glibc that a native file needs', { skip: !LINUX && 'x64 Linux only' }, () => {
  it('is told from its symbols, with those that nobody brings', (t) => {
    const cc = spawnSync('cc', ['--version']).status === 0;
    if (!requireOrSkip(t, cc, 'install a C compiler')) return;
    const folder = temporaryFolder();
    const library = path.join(folder, 'library.so');
    fs.writeFileSync(path.join(folder, 'library.c'), SOURCE);
    execFileSync('cc', ['-shared', '-fPIC', 'library.c', '-o', library], { cwd: folder });

    const names = (version) => tooNew(library, version).map(({ name }) => name);
    assert.deepEqual(names('2.28').sort(), ['of_nobody', 'pthread_create']);
    assert.deepEqual(names('2.34'), ['of_nobody']);
    assert.equal(needed(library), '2.34');
  });

  it(`is ${OLDEST} for the addon that CI tests`, (t) => {
    const linked = process.env.KMS_ENVELOPE_GLIBC === OLDEST;
    const how = `set KMS_ENVELOPE_GLIBC=${OLDEST} to build an addon for old systems`;
    if (!requireOrSkip(t, linked, how)) return;
    assert.deepEqual(tooNew(ADDON, OLDEST), []);
  });
});
