'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { EncryptedColumn, fieldsOf } = require('../../integrations/columns/column');
const { declare } = require('../../integrations/columns/declaration');
const { encryptDataSource, encryptedColumn } = require('../../integrations/typeorm');
const { open } = require('../support/fields');
const { rejection, thrown } = require('../support/rejects');

const PLACE = { table: 'users', column: 'email', name: 'User.email' };

describe('the declaration of an encrypted column', () => {
  const refused = (options) => thrown(() => declare(options), 'INVALID_ARGUMENT').message;

  it('refuses what is misspelled or missing', () => {
    assert.match(refused({ typ: 'text' }), /no option "typ"/);
    assert.match(refused({}), /type must be/);
    assert.match(refused({ type: 'varchar' }), /type must be one of/);
    assert.match(refused({ type: 'text', storage: 'binary' }), /storage must be one of/);
    assert.match(refused({ type: 'text', index: { uniq: true } }), /no option "uniq"/);
  });

  it('refuses an index with so few bits that a search finds rows of others', () => {
    assert.match(refused({ type: 'text', index: { bits: 63 } }), /also finds rows of other values/);
    assert.equal(declare({ type: 'text', index: { bits: 64 } }).declaration.index?.bits, 64);
  });
});

describe('an encrypted column', () => {
  const { declaration } = declare({ type: 'text', index: {} });

  it('is the column of Fields with the same names: raw queries use it', async (t) => {
    const fields = await open(t);
    const column = new EncryptedColumn(declaration, PLACE, fieldsOf(fields));
    const options = {
      table: 'users',
      column: 'email',
      type: 'text',
      encoding: 'base64url',
      index: {},
    };
    const raw = fields.column(options);
    assert.equal(raw.decrypt(column.encrypt('ada')), 'ada');
    assert.equal(raw.index('ada'), column.index('ada'));
  });

  it('reads values under the old names of its table and column', async (t) => {
    const fields = await open(t);
    const old = new EncryptedColumn(declaration, PLACE, fieldsOf(fields));
    const renamed = declare({
      type: 'text',
      index: {},
      table: 'users',
      column: 'email',
    }).declaration;
    const place = { table: 'people', column: 'mail', name: 'Person.mail' };
    const column = new EncryptedColumn(renamed, place, fieldsOf(fields));
    assert.equal(column.decrypt(old.encrypt('ada')), 'ada');
    assert.equal(column.index('ada'), old.index('ada'));
  });

  it('takes the keys of the current tenant at each call', async (t) => {
    const tenants = { acme: await open(t), other: await open(t, { tenant: 'other' }) };
    let current = 'acme';
    const column = new EncryptedColumn(
      declaration,
      PLACE,
      fieldsOf(() => tenants[current]),
    );
    const sealed = column.encrypt('ada');
    const index = column.index('ada');
    current = 'other';
    thrown(() => column.decrypt(sealed), 'NO_USABLE_KEY');
    assert.notEqual(column.index('ada'), index);
    current = 'nobody';
    assert.match(thrown(() => column.encrypt('ada'), 'INVALID_ARGUMENT').message, /not undefined/);
  });

  it('names itself in its errors', async (t) => {
    const column = new EncryptedColumn(declaration, PLACE, fieldsOf(await open(t)));
    assert.match(thrown(() => column.encrypt(5), 'INVALID_ARGUMENT').message, /^User\.email: /);
  });

  it('needs open fields, not what looks like them', () => {
    for (const fields of [undefined, {}, 'acme', Promise.resolve()]) {
      assert.match(thrown(() => fieldsOf(fields), 'INVALID_ARGUMENT').message, /Fields\.open/);
    }
  });
});

describe('encryptDataSource', () => {
  it('refuses a data source that is not initialized, or that declares nothing', async (t) => {
    const fields = await open(t);
    const call = async (dataSource) => encryptDataSource(dataSource, { fields });
    const initialized = { isInitialized: true, entityMetadatas: [] };
    assert.match((await rejection(call({}), 'INVALID_ARGUMENT')).message, /initialize\(\)/);
    assert.match((await rejection(call(initialized), 'INVALID_ARGUMENT')).message, /no entity/);
  });

  it('refuses an entity whose column of the index is missing', async (t) => {
    const fields = await open(t);
    const { email } = encryptedColumn('email', { type: 'text', index: {} });
    const column = { ...email, propertyPath: 'email', entityMetadata: { name: 'User' } };
    const metadata = {
      name: 'User',
      columns: [column],
      findColumnWithPropertyPath: () => undefined,
    };
    const dataSource = { isInitialized: true, entityMetadatas: [metadata] };
    const error = thrown(() => encryptDataSource(dataSource, { fields }), 'INVALID_ARGUMENT');
    assert.match(error.message, /emailIndex of its blind index is missing/);
  });
});
