'use strict';

const assert = require('node:assert/strict');
const { createHmac } = require('node:crypto');
const { describe, it } = require('node:test');
const { EnvelopeError } = require('../..');
const { envelope, open, MemoryStore } = require('../support/fields');

const USERS_EMAIL = { table: 'users', column: 'email', type: 'text' };

function refused(code, call) {
  assert.throws(call, (error) => {
    assert.ok(error instanceof EnvelopeError, String(error));
    assert.equal(error.code, `ERR_ENVELOPE_${code}`);
    return true;
  });
}

describe('a column', () => {
  it('adds 33 bytes to a value, and gives it back at its row', async (t) => {
    const email = (await open(t)).column(USERS_EMAIL);
    const sealed = email.encrypt('ada@example.com', { row: 42 });
    assert.equal(sealed.length, 15 + 33);
    assert.equal(sealed[0], 1);
    assert.equal(email.decrypt(sealed, { row: 42 }), 'ada@example.com');
    assert.equal(email.decrypt(sealed, { row: '42' }), 'ada@example.com');
    assert.equal(email.decrypt(sealed, { row: 42n }), 'ada@example.com');
    assert.notDeepEqual(sealed, email.encrypt('ada@example.com', { row: 42 }));
  });

  it('keeps null as null', async (t) => {
    const email = (await open(t)).column({ ...USERS_EMAIL, index: {} });
    assert.equal(email.encrypt(null), null);
    assert.equal(email.decrypt(null), null);
    assert.equal(email.index(null), null);
    assert.deepEqual(email.decryptMany(email.encryptMany([null, 'a', null])), [null, 'a', null]);
  });

  it('gives back values of every type as they were', async (t) => {
    const fields = await open(t);
    const values = {
      text: ['', 'a', 'Grüße 🎉', 'x'.repeat(100_000)],
      bytes: [Buffer.alloc(0), Buffer.from([0, 255]), Buffer.alloc(70_000, 7)],
      boolean: [true, false],
      integer: [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
      bigint: [0n, -5n, 2n ** 200n],
      number: [0, -0, 0.1, 1e300, Number.MIN_VALUE],
      json: [{ a: [1, null, 'x'] }, [], 'text', 5],
      date: [new Date(0), new Date('2026-02-28T12:34:56.789Z')],
    };
    for (const [type, list] of Object.entries(values)) {
      const column = fields.column({ table: 't', column: type, type });
      for (const value of list) {
        assert.deepEqual(column.decrypt(column.encrypt(value, { row: 1 }), { row: 1 }), value);
        assert.deepEqual(column.decrypt(column.encrypt(value)), value);
      }
      assert.deepEqual(column.decryptMany(column.encryptMany(list)), list);
    }
  });

  it('encrypts true and false to the same length, which would tell them apart', async (t) => {
    const column = (await open(t)).column({ table: 't', column: 'c', type: 'boolean' });
    assert.equal(column.encrypt(true).length, column.encrypt(false).length);
  });

  it('refuses a value of another type', async (t) => {
    const fields = await open(t);
    const wrong = {
      text: [1, undefined, '\ud800'],
      bytes: [1, 'text', {}],
      boolean: [0, 'true'],
      integer: [1.5, 2 ** 60, '1'],
      bigint: [1, '1'],
      number: [NaN, Infinity, '1'],
      json: [undefined, () => {}, 1n],
      date: ['2026-01-01', new Date(NaN)],
    };
    for (const [type, list] of Object.entries(wrong)) {
      const column = fields.column({ table: 't', column: 'c', type });
      for (const value of list) {
        refused('INVALID_ARGUMENT', () => column.encrypt(value));
        refused('INVALID_ARGUMENT', () => column.encryptMany([value]));
      }
    }
  });

  it('refuses a value that was moved to another tenant, table, column or row', async (t) => {
    const store = new MemoryStore();
    const fields = await open(t, { store });
    const email = fields.column(USERS_EMAIL);
    const sealed = email.encrypt('ada', { row: 1 });
    // The same keys under the name of another tenant: only the associated data differ.
    const others = [
      [fields.column({ ...USERS_EMAIL, table: 'admins' }), { row: 1 }],
      [fields.column({ ...USERS_EMAIL, column: 'name' }), { row: 1 }],
      [email, { row: 2 }],
      [email, {}],
      [email, { row: '' }],
    ];
    for (const [column, options] of others) {
      refused('FIELD_MISMATCH', () => column.decrypt(sealed, options));
      refused('FIELD_MISMATCH', () =>
        column.decryptMany([sealed], 'row' in options ? { rows: [options.row] } : {}),
      );
    }
    refused('FIELD_MISMATCH', () => email.decrypt(email.encrypt('x'), { row: 1 }));
    const other = await open(t, { store, tenant: 'other' });
    refused('NO_USABLE_KEY', () => other.column(USERS_EMAIL).decrypt(sealed, { row: 1 }));
  });

  it('refuses a value with any bit changed, or cut anywhere', async (t) => {
    for (const deterministic of [false, true]) {
      const column = (await open(t)).column({ ...USERS_EMAIL, deterministic });
      const sealed = column.encrypt('ada');
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        const changed = Buffer.from(sealed);
        changed[bit >> 3] ^= 1 << (bit & 7);
        assert.throws(() => column.decrypt(changed), EnvelopeError, `bit ${bit}`);
      }
      for (let length = 0; length < sealed.length; length++) {
        assert.throws(() => column.decrypt(sealed.subarray(0, length)), EnvelopeError);
      }
      assert.throws(() => column.decrypt(Buffer.concat([sealed, Buffer.alloc(1)])), EnvelopeError);
    }
  });

  it('names the value of a batch that it refuses, and releases none', async (t) => {
    const email = (await open(t)).column(USERS_EMAIL);
    const sealed = email.encryptMany(['a', 'b', 'c'], { rows: [1, 2, 3] });
    assert.deepEqual(email.decryptMany(sealed, { rows: [1, 2, 3] }), ['a', 'b', 'c']);
    assert.throws(() => email.decryptMany(sealed, { rows: [1, 3, 2] }), {
      code: 'ERR_ENVELOPE_FIELD_MISMATCH',
      message: /^value 1: /,
    });
    refused('INVALID_ARGUMENT', () => email.encryptMany(['a'], { rows: [1, 2] }));
  });

  it('reads one by one what it wrote as a batch, and the other way round', async (t) => {
    const email = (await open(t)).column(USERS_EMAIL);
    const [one] = email.encryptMany(['a'], { rows: ['r'] });
    assert.equal(email.decrypt(one, { row: 'r' }), 'a');
    assert.deepEqual(email.decryptMany([email.encrypt('b', { row: 'r' })], { rows: ['r'] }), ['b']);
  });

  it('gives and takes text in an encoding, and only in its one spelling', async (t) => {
    const fields = await open(t);
    for (const encoding of ['base64', 'base64url', 'hex']) {
      const column = fields.column({ ...USERS_EMAIL, encoding, index: {} });
      const sealed = column.encrypt('ada');
      assert.equal(typeof sealed, 'string');
      assert.equal(column.decrypt(sealed), 'ada');
      assert.equal(typeof column.index('ada'), 'string');
      refused('MALFORMED_MESSAGE', () => column.decrypt(`${sealed}!`));
      refused('MALFORMED_MESSAGE', () => column.decrypt(` ${sealed}`));
    }
    const column = fields.column(USERS_EMAIL);
    assert.equal(typeof column.encrypt('ada', { encoding: 'base64url' }), 'string');
    refused('INVALID_ARGUMENT', () => column.decrypt('AAAA'));
  });

  it('refuses wrong options', async (t) => {
    const fields = await open(t);
    const wrong = [
      undefined,
      {},
      { ...USERS_EMAIL, type: 'varchar' },
      { ...USERS_EMAIL, table: '' },
      { ...USERS_EMAIL, encoding: 'utf8' },
      { ...USERS_EMAIL, index: { bits: 0 } },
      { ...USERS_EMAIL, index: { bits: 257 } },
      { ...USERS_EMAIL, index: { normalize: 'upper' } },
      { ...USERS_EMAIL, more: 1 },
    ];
    for (const options of wrong) refused('INVALID_ARGUMENT', () => fields.column(options));
    const email = fields.column(USERS_EMAIL);
    for (const row of [1.5, {}, [], true, null, '\ud800']) {
      refused('INVALID_ARGUMENT', () => email.encrypt('a', { row }));
    }
    refused('INVALID_ARGUMENT', () => email.encrypt('a', { roww: 1 }));
    refused('INVALID_ARGUMENT', () => email.index('a'));
  });
});

describe('a deterministic column', () => {
  it('gives equal values equal ciphertexts, with 21 bytes more, bound to the column', async (t) => {
    const fields = await open(t);
    const code = fields.column({ ...USERS_EMAIL, deterministic: true });
    const sealed = code.encrypt('ada');
    assert.equal(sealed.length, 3 + 21);
    assert.deepEqual(code.encrypt('ada'), sealed);
    assert.notDeepEqual(code.encrypt('adb'), sealed);
    const other = fields.column({ ...USERS_EMAIL, column: 'other', deterministic: true });
    assert.notDeepEqual(other.encrypt('ada'), sealed);
    refused('FIELD_MISMATCH', () => other.decrypt(sealed));
    refused('INVALID_ARGUMENT', () => code.encrypt('ada', { row: 1 }));
    refused('INVALID_ARGUMENT', () => code.encryptMany(['ada'], { rows: [1] }));
    assert.deepEqual(code.encryptMany(['ada', 'ada']), [sealed, sealed]);
  });
});

describe('a blind index', () => {
  it('is equal for values that are equal once normalized', async (t) => {
    const fields = await open(t);
    const index = { normalize: ['nfkc', 'lowercase', 'trim'] };
    const email = fields.column({ ...USERS_EMAIL, index });
    assert.deepEqual(email.index('Ada@Example.com '), email.index('ada@example.com'));
    assert.notDeepEqual(email.index('ada@example.org'), email.index('ada@example.com'));
    assert.equal(email.index('a').length, 16);
  });

  it('differs by tenant, table, column and name', async (t) => {
    const store = new MemoryStore();
    const fields = await open(t, { store });
    const options = { ...USERS_EMAIL, index: {}, indexes: { domain: {}, other: {} } };
    const all = [
      fields.column(options).index('a'),
      fields.column(options).index('a', { name: 'domain' }),
      fields.column(options).index('a', { name: 'other' }),
      fields.column({ ...options, table: 't' }).index('a'),
      fields.column({ ...options, column: 'c' }).index('a'),
      (await open(t, { store, tenant: 'other' })).column(options).index('a'),
    ].map((index) => index.toString('hex'));
    assert.equal(new Set(all).size, all.length);
  });

  it('of part of a value finds it by that part', async (t) => {
    const fields = await open(t);
    const email = fields.column({
      ...USERS_EMAIL,
      indexes: { domain: { normalize: ['lowercase', 'domain'], bits: 16 } },
    });
    const a = email.index('ada@EXAMPLE.com', { name: 'domain' });
    assert.deepEqual(a, email.index('bob@example.com', { name: 'domain' }));
    assert.equal(a.length, 2);
    const card = fields.column({
      ...USERS_EMAIL,
      index: { normalize: ['digits', 'last4'] },
      indexes: { first: { normalize: (text) => text[0] }, year: { normalize: 'year' } },
    });
    assert.deepEqual(card.index('4111 1111 1111 1234'), card.index('x-1234'));
    assert.deepEqual(card.index('abc', { name: 'first' }), card.index('a', { name: 'first' }));
    refused('INVALID_ARGUMENT', () => card.index('', { name: 'first' }));
  });

  it('has as many bits as were chosen, and the others are zero', async (t) => {
    const fields = await open(t);
    const whole = fields.column({ ...USERS_EMAIL, index: { bits: 256 } }).index('a');
    for (const bits of [1, 7, 8, 9, 15, 16, 100, 255, 256]) {
      const index = fields.column({ ...USERS_EMAIL, index: { bits } }).index('a');
      assert.equal(index.length, Math.ceil(bits / 8));
      const shown = (buffer) =>
        [...buffer].map((byte) => byte.toString(2).padStart(8, '0')).join('');
      assert.equal(
        shown(index),
        shown(whole)
          .slice(0, bits)
          .padEnd(index.length * 8, '0'),
      );
    }
  });

  it('is found under each key while the key is rotated', async (t) => {
    const fields = await open(t, { refreshMs: 10 });
    const email = fields.column({ ...USERS_EMAIL, index: {} });
    const before = email.index('ada');
    const old = fields.keys('index')[0].id;
    const keyId = await fields.addKey('index');
    assert.deepEqual(email.index('ada'), before);
    await fields.promote(keyId, { force: true });
    assert.notDeepEqual(email.index('ada'), before);
    assert.deepEqual(email.index('ada', { keyId: old }), before);
    assert.deepEqual(email.indexes('ada'), [email.index('ada'), before]);
  });

  it('cannot be computed without the key', async (t) => {
    const email = (await open(t)).column({ ...USERS_EMAIL, index: {} });
    const plain = createHmac('sha256', '').update('ada').digest().subarray(0, 16);
    assert.notDeepEqual(email.index('ada'), plain);
    const again = (await open(t, { envelope: envelope(2), store: new MemoryStore() })).column({
      ...USERS_EMAIL,
      index: {},
    });
    assert.notDeepEqual(again.index('ada'), email.index('ada'));
  });
});
