'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { describe, it } = require('node:test');

const { Envelope, LocalKeyring } = require('../..');
const { assertFailed, jsonLines, run, workplace } = require('../support/cli');
const { flip } = require('../support/edits');

const place = workplace();
const { at, cli, env, keyId, read, write } = place;

describe('kms-envelope under another commitment policy', () => {
  const policy = (name) => ['--commitment-policy', name];
  const allow = policy('requireEncryptAllowDecrypt');

  it('writes and reads messages as older Encryption SDKs do, and re-encrypts them', async () => {
    write('a', 'the report');
    assert.equal((await cli('encrypt', 'a', ...policy('forbidEncryptAllowDecrypt'))).code, 0);
    const { stdout } = await cli('inspect', '--json', 'a.encrypted');
    assert.deepEqual(jsonLines(stdout)[0].algorithmSuite.committing, false);
    assertFailed(await cli('decrypt', 'a.encrypted', '-o', 'b'), 3, 'COMMITMENT_POLICY');
    assert.equal((await cli('decrypt', 'a.encrypted', '-o', 'b', ...allow)).code, 0);
    assert.equal(String(read('b')), 'the report');

    const renewed = ['re-encrypt', '--to-key', keyId, '-f', 'a.encrypted', ...allow];
    assert.equal((await cli(...renewed)).code, 0);
    assert.equal((await cli('decrypt', 'a.encrypted', '-o', '-')).code, 0);
  });
});

describe('a signed message on the command line', () => {
  function signed() {
    const keyring = new LocalKeyring(keyId.replace('local:', ''));
    const algorithmSuite = 'AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384';
    return new Envelope({ keyring, algorithmSuite }).encrypt('signed');
  }

  it('is decrypted to a file, but not to standard output', async () => {
    const message = await signed();
    write('a.encrypted', message);
    const piped = (input, ...args) => run(['decrypt', ...args], { cwd: place.cwd, env, input });
    const refused = await piped(message);
    assertFailed(refused, 3, 'SIGNED_MESSAGE');
    assert.equal(refused.stdout.length, 0);
    assert.equal((await cli('decrypt', 'a.encrypted')).code, 0);
    assert.equal((await piped(message, '-o', 'b')).code, 0);
    assert.deepEqual([String(read('a')), String(read('b'))], ['signed', 'signed']);
    const changed = flip(message, 'last byte');
    assertFailed(await piped(changed, '-o', 'c'), 3, '(AUTHENTICATION_FAILED|MALFORMED_MESSAGE)');
    assert.ok(!fs.existsSync(at('c')));
  });

  it('is decrypted a second time only by force, as it does not tell its length', async () => {
    write('in/a.encrypted', await signed());
    const args = ['-r', 'in', '-o', 'out'];
    assert.equal((await cli('decrypt', ...args)).code, 0);
    assertFailed(await cli('decrypt', '-q', ...args), 5, 'FILE_EXISTS');
    assert.equal((await cli('decrypt', '-f', ...args)).code, 0);
    const anew = ['re-encrypt', '-q', '--to-key', keyId, ...args];
    assert.equal((await cli(...anew)).code, 0);
    assertFailed(await cli(...anew), 5, 'FILE_EXISTS');
  });
});
