'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');
const fc = require('fast-check');
const { EnvelopeError } = require('../..');
const { open } = require('../support/fields');

const RUNS = 10_000;
/** Any code point but surrogates; fast-check's own takes a second to make. */
const codePoint = fc.nat(0x10f7ff).map((n) => (n < 0xd800 ? n : n + 0x800));
const text = fc
  .array(codePoint, { maxLength: 60 })
  .map((points) => String.fromCodePoint(...points));
const VALUES = {
  text,
  bytes: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  boolean: fc.boolean(),
  integer: fc.maxSafeInteger(),
  bigint: fc.bigInt(),
  number: fc.double({ noNaN: true, noDefaultInfinity: true }),
  // null is null in the database, too.
  json: fc
    .jsonValue()
    .filter((value) => value !== null)
    .map((value) => JSON.parse(JSON.stringify(value))),
  date: fc.date({ noInvalidDate: true }),
};
const row = fc.oneof(text, fc.maxSafeInteger(), fc.bigInt(), fc.constant(undefined));

/** Whether a call fails with an error of ours; without the stack, which takes most of the time. */
function isRefused(call) {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    call();
    return false;
  } catch (error) {
    return error instanceof EnvelopeError;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

describe('any value', () => {
  for (const [type, values] of Object.entries(VALUES)) {
    it(`of the type ${type} comes back from its place, and from no other`, async (t) => {
      const fields = await open(t);
      const column = fields.column({ table: 't', column: 'c', type, index: {} });
      const other = fields.column({ table: 't', column: 'd', type });
      const property = fc.property(values, row, (value, place) => {
        const options = place === undefined ? {} : { row: place };
        const sealed = column.encrypt(value, options);
        assert.deepStrictEqual(column.decrypt(sealed, options), value);
        assert.ok(isRefused(() => other.decrypt(sealed, options)));
        assert.ok(isRefused(() => column.decrypt(sealed, { row: `${String(place)}x` })));
        assert.deepEqual(column.index(value), column.index(value));
      });
      fc.assert(property, { numRuns: RUNS });
    });
  }

  it('of a batch comes back in its order', async (t) => {
    const column = (await open(t)).column({ table: 't', column: 'c', type: 'text' });
    const entry = fc.tuple(fc.option(text), row);
    const property = fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
      const values = entries.map(([value]) => value);
      const rows = entries.map(([, place]) => place);
      const sealed = column.encryptMany(values, { rows });
      assert.deepEqual(column.decryptMany(sealed, { rows }), values);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
