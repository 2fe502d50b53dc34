'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');
const fc = require('fast-check');
const { EnvelopeError } = require('../..');
const { open } = require('../support/fields');

const RUNS = 10_000;
const text = fc.string({ unit: 'binary', maxLength: 60 });
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
        assert.throws(() => other.decrypt(sealed, options), EnvelopeError);
        assert.throws(() => column.decrypt(sealed, { row: `${String(place)}x` }), EnvelopeError);
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
