'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const binding = require('../../lib/native/load.js');
const { MemoryStore, envelope, open } = require('../support/fields');

const COLUMN = { table: 'users', column: 'email', type: 'text' };

describe('the keys that a process uses', () => {
  it('stay released, whatever newer ones the addon is given', () => {
    const generate = () => binding.TenantKeys.generate('AES256_GCM', 1000);
    const keys = binding.FieldKeys.create(generate(), 'acme', 10);
    keys.release();
    keys.replace(generate());
    assert.throws(() => keys.current(), { message: /"ERR_ENVELOPE_INVALID_ARGUMENT"/ });
  });

  it('count on what they have encrypted, also after they were read again', async (t) => {
    const store = new MemoryStore();
    // Two envelopes share nothing in this process, as two processes would.
    const [fields, other] = [
      await open(t, { store, envelope: envelope(), maxEncryptionsPerKey: 2 }),
      await open(t, { store, envelope: envelope() }),
    ];
    const column = fields.column(COLUMN);
    column.encrypt('a');
    await other.addKey();
    await fields.refresh();
    const counts = fields.keys('encryption').map(({ encrypted }) => encrypted);
    assert.deepEqual(counts, [1, 0]);
    column.encrypt('b');
    assert.throws(() => column.encrypt('c'), { code: 'ERR_ENVELOPE_LIMIT_EXCEEDED' });
  });
});
