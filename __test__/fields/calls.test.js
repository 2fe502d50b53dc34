'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');
const { open } = require('../support/fields');

const USERS_EMAIL = { table: 'users', column: 'email', type: 'text' };

describe('a call of a column', () => {
  it('refuses options that are not read as they are, or hide something', async (t) => {
    const email = (await open(t)).column(USERS_EMAIL);
    const sealed = email.encrypt('a', { row: 1 });
    const fail = () => assert.fail('a function of the options was run');
    const hidden = { value: 1, enumerable: false };
    const wrong = [
      Object.defineProperty({}, 'row', { get: fail, enumerable: true }),
      Object.defineProperty({}, 'row', { set: fail, enumerable: true }),
      Object.defineProperty({}, 'row', hidden),
      Object.defineProperty({ row: 1 }, 'encoding', hidden),
      { row: 1, [Symbol('row')]: 2 },
      { roww: 1 },
      new Proxy({ row: 1 }, { get: fail, getOwnPropertyDescriptor: fail, ownKeys: fail }),
      new (class Row {
        row = 1;
      })(),
    ];
    for (const options of wrong) {
      const refused = { code: 'ERR_ENVELOPE_INVALID_ARGUMENT' };
      assert.throws(() => email.encrypt('a', options), refused);
      assert.throws(() => email.decrypt(sealed, options), refused);
    }
    const bare = Object.assign(Object.create(null), { row: 1 });
    assert.equal(email.decrypt(sealed, bare), 'a');
  });

  it('gives each value of a batch an IV of its own', async (t) => {
    const email = (await open(t)).column(USERS_EMAIL);
    const sealed = email.encryptMany(Array.from({ length: 100 }, () => 'a'));
    const ivs = new Set(sealed.map((value) => value.toString('hex', 5, 17)));
    assert.equal(ivs.size, 100);
  });

  it('writes short and long texts alike, whatever characters they have', async (t) => {
    const email = (await open(t)).column(USERS_EMAIL);
    for (const end of ['\0', '\x7f', '\x80', 'aé', '\u{1f600}', 'é'.repeat(24)]) {
      for (const length of [0, 22, 23, 24, 25]) {
        const text = 'a'.repeat(length) + end;
        const sealed = email.encrypt(text, { row: text });
        assert.equal(sealed.length, Buffer.byteLength(text) + 33);
        assert.equal(email.decrypt(sealed, { row: Buffer.from(text) }), text);
      }
    }
  });
});
