'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { EnvelopeError } = require('../../lib/errors.js');
const { adviceOn, allCodes } = require('../../lib/error-codes.js');

const ROOT = path.join(__dirname, '..', '..');
const read = (file) => fs.readFileSync(path.join(ROOT, file), 'utf8');

/** The rows of the table of codes: code, category, what happened, what to do. */
const rows = [
  ...read('docs/errors.md').matchAll(/^\| `(ERR_\w+)` \| `(\w+)` \| (.*) \| (.*) \|$/gm),
];

describe('docs/errors.md', () => {
  it('has a row for every code, and no other', () => {
    const documented = rows.map(([, code]) => code);
    assert.deepEqual(documented.sort(), allCodes().sort());
  });

  for (const [, code, category, , advice] of rows) {
    it(`says of ${code} which category it has and what to do, as the command line does`, () => {
      assert.equal(new EnvelopeError(code, 'what happened').category, category);
      assert.equal(adviceOn(code), advice);
    });
  }

  it('lists the categories that the codes have, as the types do', () => {
    const used = new Set(rows.map(([, , category]) => category));
    const [, table] = read('docs/errors.md').split('| category | what is at fault |');
    const explained = [...table.matchAll(/^\| `([a-z]+)` \| /gm)];
    const [, type] = /EnvelopeErrorCategory =([^]*?)\n\n/.exec(read('types/errors.d.ts'));
    assert.deepEqual(new Set(explained.map(([, name]) => name)), used);
    assert.deepEqual(new Set([...type.matchAll(/"(\w+)"/g)].map(([, name]) => name)), used);
  });
});

it('the category of an error is its own property, so that a log in JSON has it', () => {
  const error = new EnvelopeError('ERR_ENVELOPE_KMS_THROTTLED', 'what happened');
  assert.equal(JSON.parse(JSON.stringify(error)).category, 'service');
});
