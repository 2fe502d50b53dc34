'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');
const { room } = require('../../lib/input/scratch.js');
const { open } = require('../support/fields');
const { thrown } = require('../support/rejects');

const PLACE = { table: 'users', column: 'email' };
const SECRET = 'no trace of this may stay';

/** Keeps what a function of Buffer returns in a test. */
function kept(t, name) {
  const original = Buffer[name];
  const buffers = [];
  t.mock.method(Buffer, name, (...args) => {
    const buffer = original(...args);
    buffers.push(buffer);
    return buffer;
  });
  return buffers;
}

function assertWiped(buffers) {
  assert.ok(buffers.length > 0);
  for (const buffer of buffers) assert.equal(buffer.indexOf(SECRET), -1);
}

/** The scratch of the values, which holds nothing between two calls. */
function assertScratchIsEmpty() {
  const scratch = room(1);
  assert.ok(scratch.equals(Buffer.alloc(scratch.length)));
}

describe('the plaintext of a column is wiped', () => {
  it('where it was encrypted, with or without a row', async (t) => {
    const fields = await open(t);
    for (const [type, value] of Object.entries({ text: SECRET, bytes: Buffer.from(SECRET) })) {
      const column = fields.column({ ...PLACE, type });
      for (const row of [undefined, 'a row']) {
        column.decrypt(column.encrypt(value, { row }), { row });
        assertScratchIsEmpty();
      }
    }
  });

  it('where it was encrypted among many', async (t) => {
    const column = (await open(t)).column({ ...PLACE, type: 'text' });
    const buffers = kept(t, 'allocUnsafeSlow');
    column.encryptMany([SECRET, SECRET]);
    assertWiped(buffers);
  });

  it('where one of many values does not verify', async (t) => {
    const column = (await open(t)).column({ ...PLACE, type: 'text' });
    const sealed = column.encryptMany([SECRET, SECRET]);
    sealed[1][sealed[1].length - 1] ^= 1;
    const buffers = kept(t, 'allocUnsafeSlow');
    assert.throws(() => column.decryptMany(sealed), { code: 'ERR_ENVELOPE_FIELD_MISMATCH' });
    assertWiped(buffers);
  });

  it('where its index was computed, or cannot be', async (t) => {
    const fields = await open(t);
    const column = fields.column({ ...PLACE, type: 'text', index: {} });
    column.index(SECRET);
    assertScratchIsEmpty();
    assert.throws(() => column.index(SECRET, { keyId: 1 }), { code: 'ERR_ENVELOPE_NO_USABLE_KEY' });
    assertScratchIsEmpty();
    fields.close();
    assert.throws(() => column.index(SECRET), { code: 'ERR_ENVELOPE_INVALID_ARGUMENT' });
    assertScratchIsEmpty();
  });

  it('where the first value is encrypted after the fields were closed', async (t) => {
    const fields = await open(t);
    const columns = ['text', 'bytes'].map((type) => fields.column({ ...PLACE, type }));
    fields.close();
    for (const [i, value] of [SECRET, Buffer.from(SECRET)].entries()) {
      for (const row of [undefined, 7]) {
        const closed = { code: 'ERR_ENVELOPE_INVALID_ARGUMENT' };
        assert.throws(() => columns[i].encrypt(value, { row }), closed);
        assertWiped([room(1)]);
      }
    }
  });

  it('where one of many values is not of the type of the column', async (t) => {
    const fields = await open(t);
    const sealed = fields.column({ ...PLACE, type: 'text' }).encryptMany(['1', SECRET, SECRET]);
    const buffers = kept(t, 'allocUnsafeSlow');
    const column = fields.column({ ...PLACE, type: 'integer' });
    const malformed = { code: 'ERR_ENVELOPE_MALFORMED_MESSAGE' };
    assert.throws(() => column.decryptMany(sealed), malformed);
    assertWiped(buffers);
    assert.throws(() => column.decrypt(sealed[1]), malformed);
    assertWiped([room(1)]);
  });

  it('where there is no memory for the values of a batch', async (t) => {
    const fields = await open(t);
    const column = fields.column({ ...PLACE, type: 'text' });
    column.encrypt('keeps the length that is added');
    const { allocUnsafeSlow } = Buffer;
    const buffers = [];
    t.mock.method(Buffer, 'allocUnsafeSlow', (length) => {
      if (buffers.length > 0) throw new RangeError('Array buffer allocation failed');
      buffers.push(allocUnsafeSlow(length));
      return buffers[0];
    });
    const error = thrown(() => column.encryptMany([SECRET]), 'INTERNAL');
    assert.match(error.cause.message, /Array buffer allocation failed/);
    assertWiped(buffers);
  });

  it('where another package has encrypted it', async (t) => {
    const fields = await open(t);
    const key = crypto.randomBytes(32);
    const iv = crypto.randomBytes(16);
    const cipher = crypto.createCipheriv('aes-256-gcm', key, iv);
    const body = Buffer.concat([cipher.update(SECRET), cipher.final()]);
    const value = Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
    const from = [{ kind: 'typeorm-encrypted', keys: [key.toString('hex')] }];
    const buffers = kept(t, 'concat');
    const column = (type) => fields.column({ ...PLACE, type, encoding: 'base64', from });
    assert.equal(column('text').decrypt(value), SECRET);
    thrown(() => column('integer').decrypt(value), 'MALFORMED_MESSAGE');
    assert.ok(column('bytes').decrypt(value).equals(Buffer.from(SECRET)));
    assertWiped(buffers);
  });
});
