'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');

const { Envelope, LocalKeyring } = require('../..');
const { assertFailed, jsonLines, run } = require('../support/cli');
const { flip, truncate } = require('../support/edits');
const { temporaryFolder } = require('../support/files');

const LARGE = crypto.randomBytes(8_000_000);

const folder = temporaryFolder();
const at = (name) => path.join(folder, name);
const keyId = `local:${at('dev.key')}`;
const env = { ENCRYPTION_KEY_ID: keyId };
const cli = (args, options) => run(args, { cwd: folder, env, ...options });

before(() => {
  LocalKeyring.generate(at('dev.key'));
  LocalKeyring.generate(at('other.key'));
  fs.writeFileSync(at('large'), LARGE);
});

describe('kms-envelope decrypt', () => {
  let message;
  before(async () => {
    const encryptionContext = { tenant: 'acme' };
    message = await new Envelope(keyId).encrypt(LARGE, { encryptionContext });
    fs.writeFileSync(at('whole.encrypted'), message);
    fs.writeFileSync(at('changed.encrypted'), flip(message, 'final tag'));
    fs.writeFileSync(at('cut.encrypted'), truncate(message, { before: 'last byte' }));
  });

  const refused = {
    'a changed message': [['changed.encrypted'], 3, 'AUTHENTICATION_FAILED'],
    'a cut message': [['cut.encrypted'], 3, 'TRUNCATED_MESSAGE'],
    'what is no message': [['large'], 3, '(MALFORMED|UNSUPPORTED)_MESSAGE'],
    'another context': [['whole.encrypted', '-c', 'tenant=other'], 3, 'CONTEXT_MISMATCH'],
    'another key': [['whole.encrypted', '-k', 'local:other.key'], 4, 'NO_USABLE_KEY'],
    'a key file that is not there': [['whole.encrypted', '-k', 'local:no.key'], 4, 'KEY_FILE'],
    'a file that is not there': [['missing.encrypted'], 5, 'FILE_NOT_FOUND'],
  };
  for (const [what, [args, exitCode, code]] of Object.entries(refused)) {
    it(`refuses ${what}, and leaves no file`, async () => {
      const failed = await cli(['decrypt', ...args, '-o', 'refused']);
      assertFailed(failed, exitCode, code);
      assert.ok(!fs.existsSync(at('refused')));
      assert.deepEqual(
        fs.readdirSync(folder).filter((name) => name.endsWith('.tmp')),
        [],
      );
    });
  }

  for (const name of ['changed', 'cut']) {
    it(`refuses a ${name} message from a pipe, and leaves no file`, async () => {
      const input = fs.readFileSync(at(`${name}.encrypted`));
      const failed = await cli(['decrypt', '-o', 'refused'], { input });
      assertFailed(failed, 3, '(AUTHENTICATION_FAILED|TRUNCATED_MESSAGE)');
      const left = fs.readdirSync(folder).filter((file) => /refused|tmp$/.test(file));
      assert.deepEqual(left, []);
    });

    it(`ends with exit code 3 after a ${name} message to standard output`, async () => {
      const failed = await cli(['decrypt'], { input: fs.readFileSync(at(`${name}.encrypted`)) });
      assertFailed(failed, 3, '(AUTHENTICATION_FAILED|TRUNCATED_MESSAGE)');
      assert.ok(failed.stdout.length < LARGE.length);
      assert.ok(failed.stdout.equals(LARGE.subarray(0, failed.stdout.length)), 'what verified');
    });
  }

  it('prints an error as JSON with --json', async () => {
    const { code, stdout, stderr } = await cli(['decrypt', 'missing.encrypted', '--json']);
    assert.deepEqual([code, String(stdout)], [5, '']);
    const [{ error }] = jsonLines(stderr);
    const { message, ...fields } = error;
    const expected = {
      category: 'file',
      exitCode: 5,
      retryable: false,
      source: 'missing.encrypted',
    };
    assert.deepEqual(fields, { code: 'ERR_ENVELOPE_FILE_NOT_FOUND', ...expected });
    assert.match(message, /'missing.encrypted' does not exist/);
  });

  it('prints what is wrong with its arguments as JSON, too', async () => {
    const { code, stderr } = await cli(['decrypt', '--json', '--frobnicate']);
    const [{ error }] = jsonLines(stderr);
    assert.deepEqual([code, error.code], [2, 'ERR_ENVELOPE_INVALID_ARGUMENT']);
  });

  it(
    'escapes names of files that would change the terminal',
    { skip: process.platform === 'win32' },
    async () => {
      const { stderr } = await cli(['decrypt', 'a\n\u001b[31m\u202e.encrypted']);
      assert.match(stderr, /^[^\n\u001b\u202e]*\\u001b\[31m\\u202e[^\n]*\n$/);
    },
  );
});
