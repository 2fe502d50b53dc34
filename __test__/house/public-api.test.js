'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { SNAPSHOT, publicApi } = require('../../scripts/public-api');

describe('the public API', () => {
  it('is as its snapshot says; to change it, run `node scripts/public-api.js`', () => {
    const written = fs.readFileSync(path.join(__dirname, '..', '..', SNAPSHOT), 'utf8');
    assert.deepEqual(`${publicApi()}\n`.split('\n'), written.split('\n'));
  });

  it('is found whole by `import`, which looks for the names before it runs anything', async () => {
    const api = require('../..');
    const found = await import('../../index.js');
    for (const name of Object.keys(api)) {
      assert.ok(found[name] !== undefined && found[name] === api[name], name);
    }
  });

  it('has the classes, functions, options and codes that users know', () => {
    const api = publicApi();
    for (const known of [
      'class Envelope\n  static open',
      'function encrypt\n',
      'command decrypt\n',
      'option --output\n',
      'readonly maxEncryptedDataKeys?: number;',
      '| "ERR_ENVELOPE_AUTHENTICATION_FAILED"',
    ]) {
      assert.ok(api.includes(known), known);
    }
  });
});
