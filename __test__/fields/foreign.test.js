'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { createRequire } = require('node:module');
const path = require('node:path');
const { describe, it } = require('node:test');
const { flipLastByte } = require('../support/edits');
const { MemoryStore, envelope, open } = require('../support/fields');
const { PEERS, skipWithout } = require('../support/requirements');

// Made by @47ng/cloak 1.2.0 and typeorm-encrypted 0.8.0.
const CLOAK = {
  key: 'k1.aesgcm256.w7BnwO6TFeK_qa_owS7obnlIshSS3apt-Sqgcge2s00=',
  otherKey: 'k1.aesgcm256.A_MAgNoaFnUB0WDl47PHa_pHhmaDM210irK1tWx1F-U=',
  text: 'ada@example.com',
  value: 'v1.aesgcm256.94d96cb1.DX6eyUOEp41cK_QP.89LeLXGVamMSoeCJ9_-TcMsHnSR0NGbL90j7eq29uw==',
};
const TYPEORM = [
  {
    ivLength: 12,
    key: '14883c088eff56880fd883b8a658fabd1a9ae433f13e26f68d79c9631b8216c3',
    text: 'grüße',
    value: 'r8A0UZRDA6tqRq8uf6/rtbQq3Zl5iPUYW8U1+n/hIUht/s4=',
  },
  {
    ivLength: 16,
    key: '0011e5907bfce157184ba3d71b0dd8429aa4369728bfb94bad6fdeef24ac92d9',
    text: 'grüße',
    value: 'nutNTDon36mqAnpeF7nkIAnOenWHr+3Q1Gk7Lakn7k0UUNhfSkvd',
  },
];
const COLUMN = { table: 'users', column: 'email', type: 'text', encoding: 'base64url' };

describe('a column that is being migrated', () => {
  it('reads values of cloak beside its own', async (t) => {
    const from = [{ kind: 'cloak', keys: [CLOAK.otherKey, CLOAK.key] }];
    const column = (await open(t)).column({ ...COLUMN, from });
    assert.equal(column.decrypt(CLOAK.value, { row: 1 }), CLOAK.text);
    assert.equal(column.decrypt(column.encrypt('own', { row: 1 }), { row: 1 }), 'own');
    const changed = CLOAK.value.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    assert.throws(() => column.decrypt(changed.replace(/=+$/, '')), /cloak|another package|base64/);
    const mixed = [CLOAK.value, column.encrypt('own'), null];
    assert.deepEqual(column.decryptMany(mixed), [CLOAK.text, 'own', null]);
  });

  it('reads values of typeorm-encrypted beside its own', async (t) => {
    for (const { ivLength, value, key, text } of TYPEORM) {
      const from = [{ kind: 'typeorm-encrypted', keys: [key], ivLength }];
      const column = (await open(t)).column({ ...COLUMN, from });
      assert.equal(column.decrypt(value), text);
      assert.equal(column.decrypt(column.encrypt('own')), 'own');
      const changed = flipLastByte(Buffer.from(value, 'base64'));
      assert.throws(() => column.decrypt(changed.toString('base64')), {
        code: 'ERR_ENVELOPE_AUTHENTICATION_FAILED',
      });
    }
  });

  it('reads whatever the packages themselves write', { skip: skipWithout('peers') }, async (t) => {
    const peer = createRequire(path.join(PEERS, 'package.json'));
    const cloak = peer('@47ng/cloak');
    const { encryptData } = peer('typeorm-encrypted/lib/crypto.js');
    const fields = await open(t);
    const cloakKey = cloak.generateKey();
    const byCloak = fields.column({ ...COLUMN, from: [{ kind: 'cloak', keys: [cloakKey] }] });
    const texts = [
      '',
      'a',
      'grüße 🌍',
      'x'.repeat(5000),
      crypto.randomBytes(99).toString('base64'),
    ];
    for (const text of texts) {
      const sealed = cloak.encryptStringSync(text, cloak.parseKeySync(cloakKey));
      assert.equal(byCloak.decrypt(sealed), text);
      assert.equal(byCloak.decrypt(await cloak.encryptString(text, cloakKey)), text);
    }
    for (const length of [16, 24, 32]) {
      for (const ivLength of [12, 16]) {
        const key = crypto.randomBytes(length).toString('hex');
        const algorithm = `aes-${length * 8}-gcm`;
        const from = [{ kind: 'typeorm-encrypted', keys: [key], ivLength }];
        const column = fields.column({ ...COLUMN, from });
        for (const text of texts) {
          const sealed = encryptData(Buffer.from(text), { key, algorithm, ivLength });
          assert.equal(column.decrypt(sealed.toString('base64')), text);
        }
      }
    }
  });

  it('reads Encryption SDK messages beside its own', async (t) => {
    const from = [{ kind: 'message', envelope: envelope(), encryptionContext: { a: 'b' } }];
    const column = (await open(t)).column({ ...COLUMN, from });
    const message = envelope().encryptSync('ada', { encryptionContext: { a: 'b' } });
    assert.equal(column.decrypt(message), 'ada');
    assert.equal(column.decrypt(message.toString('base64')), 'ada');
    const other = envelope().encryptSync('ada');
    assert.throws(() => column.decrypt(other), { code: 'ERR_ENVELOPE_CONTEXT_MISMATCH' });
  });

  it('reads plaintext only if that is asked for, and then no value of its own', async (t) => {
    const fields = await open(t);
    const strict = fields.column({ ...COLUMN, from: [{ kind: 'cloak', keys: [CLOAK.key] }] });
    assert.throws(() => strict.decrypt('ada@example.com'), {
      code: 'ERR_ENVELOPE_MALFORMED_MESSAGE',
    });
    const lenient = fields.column({ ...COLUMN, from: [{ kind: 'plaintext' }] });
    assert.equal(lenient.decrypt('ada@example.com'), 'ada@example.com');
    const own = Buffer.from(lenient.encrypt('own', { row: 1 }), 'base64url');
    const changed = flipLastByte(own).toString('base64url');
    assert.throws(() => lenient.decrypt(changed, { row: 1 }), {
      code: 'ERR_ENVELOPE_FIELD_MISMATCH',
    });
  });

  it('takes no value under a key that is new to it for plaintext', async (t) => {
    const store = new MemoryStore();
    const [a, b] = [
      await open(t, { store, envelope: envelope(), refreshMs: 3_600_000 }),
      await open(t, { store, envelope: envelope() }),
    ];
    await a.promote(await a.addKey(), { force: true });
    const names = { table: 'users', column: 'email' };
    const from = [{ kind: 'cloak', keys: [CLOAK.key] }, { kind: 'plaintext' }];
    for (const kind of [{ type: 'text', encoding: 'base64url' }, { type: 'bytes' }]) {
      const value = kind.type === 'text' ? 'ada' : Buffer.from('ada');
      const sealed = a.column({ ...names, ...kind }).encrypt(value);
      const column = b.column({ ...names, ...kind, from });
      for (let i = 0; i < 2; i++) {
        assert.throws(() => column.decrypt(sealed), {
          code: 'ERR_ENVELOPE_NO_USABLE_KEY',
          retryable: true,
        });
      }
    }
    await b.refresh();
    await b.refresh();
    const sealed = a.column(COLUMN).encrypt('ada');
    assert.equal(b.column({ ...COLUMN, from }).decrypt(sealed), 'ada');
  });

  it('reads plaintext that looks encrypted once its keys have been read again', async (t) => {
    const fields = await open(t);
    const from = [{ kind: 'plaintext' }];
    const bytes = Buffer.concat([Buffer.from([1, 9, 9, 9, 9]), Buffer.alloc(40)]);
    const column = fields.column({ ...COLUMN, type: 'bytes', encoding: undefined, from });
    const unknown = { code: 'ERR_ENVELOPE_NO_USABLE_KEY', retryable: true };
    assert.throws(() => column.decrypt(bytes), unknown);
    await fields.refresh();
    await fields.refresh();
    assert.deepEqual(column.decrypt(bytes), bytes);
    // Too short, or in no canonical form, to be one.
    assert.deepEqual(column.decrypt(bytes.subarray(0, 20)), bytes.subarray(0, 20));
    const text = fields.column({ ...COLUMN, from });
    const spaced = `${bytes.toString('base64url')} `;
    assert.equal(text.decrypt(spaced), spaced);
  });

  it('gives the ciphertext of a value under a destroyed key, if it may be plaintext', async (t) => {
    const fields = await open(t);
    const strict = fields.column(COLUMN);
    const lenient = fields.column({ ...COLUMN, from: [{ kind: 'plaintext' }] });
    const sealed = strict.encrypt('ada');
    const [{ id }] = fields.keys('encryption');
    await fields.promote(await fields.addKey(), { force: true });
    await fields.disable(id, { force: true });
    await fields.destroyKey(id, { force: true });
    const unknown = { code: 'ERR_ENVELOPE_NO_USABLE_KEY' };
    assert.throws(() => lenient.decrypt(sealed), unknown);
    await fields.refresh();
    await fields.refresh();
    assert.equal(lenient.decrypt(sealed), sealed);
    assert.throws(() => strict.decrypt(sealed), unknown);
  });

  it('refuses a wrong option `from`', async (t) => {
    const fields = await open(t);
    const wrong = [
      [{ kind: 'other' }],
      [{ kind: 'cloak', keys: ['x'] }],
      [{ kind: 'typeorm-encrypted', keys: ['zz'] }],
      [{ kind: 'message' }],
      [{ kind: 'plaintext', more: 1 }],
      {},
      [null],
    ];
    for (const from of wrong) {
      const make = () => fields.column({ ...COLUMN, from });
      assert.throws(make, { code: 'ERR_ENVELOPE_INVALID_ARGUMENT' });
    }
  });
});
