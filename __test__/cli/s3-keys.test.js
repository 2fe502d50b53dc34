'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { keysOf } = require('../../bin/s3/keys');
const { assertFailed, run } = require('../support/cli');
const { temporaryFolder } = require('../support/files');

const folder = temporaryFolder();
const file = path.join(folder, 'aes.key');
const put = () => run(['s3', 'put', file, 's3://b/k', '-k', `aes:${file}`], { cwd: folder });

describe('an AES key in a file, for kms-envelope s3,', () => {
  for (const length of [16, 24, 32]) {
    it(`may be ${length} bytes, as they are or as a line of text`, () => {
      const key = randomBytes(length);
      const texts = ['hex', 'base64', 'base64url'].map((encoding) => `${key.toString(encoding)}\n`);
      for (const form of [key, ...texts]) {
        fs.writeFileSync(file, form);
        assert.ok(keysOf(`aes:${file}`).keyring);
      }
    });
  }

  for (const encoding of ['hex', 'base64']) {
    it(`is refused if it may be 16 bytes in ${encoding}, or more bytes as they are`, async () => {
      fs.writeFileSync(file, randomBytes(16).toString(encoding));
      const failed = await put();
      assertFailed(failed, 4, 'KEY_FILE');
      assert.match(failed.stderr, /line break/);
    });
  }

  it('is no text that is neither hexadecimal nor Base64', async () => {
    // Node.js skips what Base64 does not have; the first would make a key of 32 bytes.
    const passphrase = 'this is my very very secret pass phrase for all of its!!';
    assert.equal(Buffer.from(passphrase, 'base64').length, 32);
    for (const text of [passphrase, `0x${randomBytes(32).toString('hex')}`]) {
      fs.writeFileSync(file, text);
      assertFailed(await put(), 4, 'KEY_FILE');
    }
  });
});
