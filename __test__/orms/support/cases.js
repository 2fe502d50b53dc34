'use strict';

const assert = require('node:assert/strict');
const { rejection } = require('../../support/rejects');

const ADA = 'ada.xyzzy@example.com';
const BOB = 'bob.xyzzy@example.com';
const EVE = 'eve.xyzzy@example.com';
/** A value of each type. */
const ALL_TYPES = {
  phone: '+49 xyzzy 30',
  age: 36,
  balance: 9_007_199_254_740_993n,
  score: 0.1,
  active: false,
  born: new Date('1815-12-10T00:00:00.000Z'),
  profile: { diagnosis: 'xyzzy', list: [1, null, { deep: true }] },
  photo: Buffer.from('a photo, xyzzy\0\xff', 'latin1'),
};
/** How a ciphertext begins, in base64url: with the byte 01. */
const SEALED = /^A[Q-Za-f][\w-]{40,}$/;

/**
 * What each adapter must do, on each database. `world` speaks the language of one ORM.
 *
 * @type {Record<string, (world: any) => Promise<void>>}
 */
const CASES = {
  'a value that was written is read again, and the database holds a ciphertext': async (world) => {
    await world.create({ name: 'Ada', email: ADA });
    const [stored] = await world.sql('select * from users');
    assert.match(stored.email, SEALED);
    assert.equal(stored.emailIndex.length, 22);
    assert.equal(stored.name, 'Ada');
    assert.equal((await world.byEmail(ADA)).email, ADA);
  },
  'a value of any type comes back as it was: numbers, JSON, bytes, dates': async (world) => {
    await world.create({ name: 'Ada', email: ADA, ...ALL_TYPES });
    const found = await world.byEmail(ADA);
    for (const [name, value] of Object.entries(ALL_TYPES)) {
      const read = name === 'photo' ? Buffer.from(found.photo) : found[name];
      assert.deepEqual(read, value, name);
    }
    const [stored] = await world.sql('select * from users');
    for (const name of Object.keys(ALL_TYPES)) {
      if (name !== 'photo') assert.match(stored[name], SEALED, name);
      else assert.equal(Buffer.from(stored.photo)[0], 1);
    }
  },
  'null stays null, in the value and in its index': async (world) => {
    await world.create({ name: 'Nobody', email: null });
    const [stored] = await world.sql('select email, "emailIndex" from users');
    assert.deepEqual({ ...stored }, { email: null, emailIndex: null });
    const [found] = await world.withoutEmail();
    assert.equal(found.email, null);
    assert.equal((await world.withEmail()).length, 0);
  },
  'an empty text, zero and false are values like others': async (world) => {
    await world.create({ name: 'Ada', email: '', phone: '', age: 0, active: false, profile: [] });
    const [found] = await world.all();
    const { email, phone, age, active, profile } = found;
    assert.deepEqual(
      { email, phone, age, active, profile },
      {
        email: '',
        phone: '',
        age: 0,
        active: false,
        profile: [],
      },
    );
    const [stored] = await world.sql('select phone from users');
    assert.match(stored.phone, /^A[Q-Za-f]/);
  },
  'a row is found by its value, however that is written, and by a list of values': async (
    world,
  ) => {
    await world.createMany([
      { name: 'Ada', email: ADA },
      { name: 'Bob', email: BOB },
      { name: 'Eve', email: EVE },
      { name: 'Nobody', email: null },
    ]);
    assert.equal((await world.byEmail(ADA.toUpperCase())).name, 'Ada');
    assert.equal(await world.byEmail('mallory.xyzzy@example.com'), undefined);
    assert.deepEqual(names(await world.byEmails([EVE, ADA])), ['Ada', 'Eve']);
    assert.deepEqual(names(await world.byNotEmail(ADA)), ['Bob', 'Eve']);
    assert.deepEqual(names(await world.withoutEmail()), ['Nobody']);
    assert.deepEqual(names(await world.withEmail()), ['Ada', 'Bob', 'Eve']);
    assert.equal(await world.countByEmail(BOB), 1);
  },
  'a comparison with null is refused, and finds or deletes no other row': async (world) => {
    await world.create({ name: 'Ada', email: ADA });
    for (const search of world.searchesForNull(ADA)) {
      await refused((async () => search())(), /compared with null.*IS NULL or IS NOT NULL/);
    }
    assert.deepEqual(names(await world.withEmail()), ['Ada']);
    assert.deepEqual(await world.withoutEmail(), []);
  },
  'each of many rows that are written at once has a ciphertext of its own': async (world) => {
    await world.createMany([
      { name: 'Ada', email: ADA, phone: 'xyzzy' },
      { name: 'Bob', email: BOB, phone: 'xyzzy' },
    ]);
    const stored = await world.sql('select phone, "emailIndex" from users order by id');
    for (const { phone } of stored) assert.match(phone, /^A[Q-Za-f]/);
    assert.notEqual(stored[0].phone, stored[1].phone);
    assert.notEqual(stored[0].emailIndex, stored[1].emailIndex);
    assert.deepEqual(
      (await world.all()).map(({ phone }) => phone),
      ['xyzzy', 'xyzzy'],
    );
  },
  'an update in place encrypts the new value, and its index follows': async (world) => {
    await world.create({ name: 'Ada', email: ADA });
    await world.updateWhere(ADA, { email: BOB, age: 37 });
    const [stored] = await world.sql('select * from users');
    assert.match(stored.email, SEALED);
    assert.match(stored.age, /^A[Q-Za-f]/);
    assert.equal(await world.byEmail(ADA), undefined);
    const found = await world.byEmail(BOB);
    assert.deepEqual([found.email, found.age], [BOB, 37]);
    await world.updateWhere(BOB, { email: null });
    const [emptied] = await world.sql('select email, "emailIndex" from users');
    assert.deepEqual({ ...emptied }, { email: null, emailIndex: null });
  },
  'an update of another column leaves the ciphertext as it is': async (world) => {
    await world.create({ name: 'Ada', email: ADA, ...ALL_TYPES });
    const [before] = await world.sql('select * from users');
    await world.rename(ADA, 'Augusta Ada');
    const [after] = await world.sql('select * from users');
    assert.deepEqual({ ...after }, { ...before, name: 'Augusta Ada' });
  },
  'a text that looks like a ciphertext is encrypted like any other': async (world) => {
    await world.create({ name: 'Ada', email: ADA });
    const [{ email: ciphertext }] = await world.sql('select email from users');
    await world.create({ name: 'Bob', email: BOB, phone: ciphertext });
    const stored = await world.sql('select phone from users order by id');
    assert.match(stored[1].phone, /^A[Q-Za-f]/);
    assert.notEqual(stored[1].phone, ciphertext);
    assert.equal((await world.byEmail(BOB)).phone, ciphertext);
  },
  'a value that was read and is written back is encrypted once': async (world) => {
    await world.create({ name: 'Ada', email: ADA, phone: 'xyzzy' });
    const { email, phone } = await world.byEmail(ADA);
    await world.updateWhere(ADA, { email, phone });
    const again = await world.byEmail(ADA);
    assert.deepEqual([again.email, again.phone], [ADA, 'xyzzy']);
  },
  'an upsert encrypts, whether it inserts or updates': async (world) => {
    await world.upsert({ name: 'Ada', email: ADA, age: 36 });
    await world.upsert({ name: 'Ada', email: ADA, age: 37 });
    const stored = await world.sql('select * from users');
    assert.equal(stored.length, 1);
    assert.match(stored[0].email, SEALED);
    assert.match(stored[0].age, /^A[Q-Za-f]/);
    assert.equal((await world.byEmail(ADA)).age, 37);
  },
  'a second row with the same value breaks the unique index': async (world) => {
    await world.create({ name: 'Ada', email: ADA });
    await assert.rejects(
      world.create({ name: 'Other', email: ` ${ADA.toUpperCase()}` }),
      (error) => {
        assert.ok(!String(error.message).includes('xyzzy'), error.message);
        return /unique/i.test(`${error.message} ${error.cause?.message}`);
      },
    );
    assert.equal((await world.all()).length, 1);
  },
  'the rows of a relation are encrypted by nested writes, and decrypted by includes': async (
    world,
  ) => {
    await world.createWithNotes({ name: 'Ada', email: ADA }, ['xyzzy 1', 'xyzzy 2']);
    const stored = await world.sql('select body from notes');
    assert.equal(stored.length, 2);
    for (const { body } of stored) assert.match(body, /^A[Q-Za-f]/);
    const author = await world.withNotes(ADA);
    assert.equal(author.email, ADA);
    assert.deepEqual(author.notes.map(({ body }) => body).sort(), ['xyzzy 1', 'xyzzy 2']);
    const note = await world.noteWithAuthor('xyzzy 2');
    assert.deepEqual([note.body, note.author.email], ['xyzzy 2', ADA]);
    assert.deepEqual(await world.notesOf(ADA), ['xyzzy 1', 'xyzzy 2']);
  },
  'a transaction encrypts and decrypts, and leaves nothing of what is rolled back': async (
    world,
  ) => {
    await world.transaction(async (inside) => {
      await inside.create({ name: 'Ada', email: ADA });
      assert.equal((await inside.byEmail(ADA)).email, ADA);
    });
    const rollback = new Error('roll back');
    const failing = world.transaction(async (inside) => {
      await inside.create({ name: 'Bob', email: BOB });
      throw rollback;
    });
    await assert.rejects(failing, rollback);
    const stored = await world.sql('select email from users');
    assert.equal(stored.length, 1);
    assert.match(stored[0].email, SEALED);
  },
  'a delete by a value deletes that row only': async (world) => {
    await world.createMany([
      { name: 'Ada', email: ADA },
      { name: 'Bob', email: BOB },
    ]);
    await world.deleteWhere(ADA);
    assert.deepEqual(names(await world.all()), ['Bob']);
  },
  'ordering by an encrypted column is refused, and not done wrong': async (world) => {
    await world.createMany([
      { name: 'Ada', email: ADA },
      { name: 'Bob', email: BOB },
    ]);
    await refused(world.orderByEmail(), /cannot order by it.*order them in the program/);
  },
  'LIKE, contains and the like are refused, and say why': async (world) => {
    await refused(world.likeEmail('xyzzy'), /cannot answer .*filter the decrypted rows/);
  },
  'greater and less are refused, and say why': async (world) => {
    await refused(world.greaterEmail('xyzzy'), /cannot answer .*filter the decrypted rows/);
  },
  'a search by a column without an index is refused, and says what to add': async (world) => {
    await refused(world.byPhone('xyzzy'), /has no blind index.*option `index`/);
  },
  'a value of another type than declared is refused before anything is stored': async (world) => {
    await refused(world.create({ name: 'Ada', email: ADA, age: 'xyzzy' }), /age: .*integer/);
    await refused(world.create({ name: 'Ada', email: 42 }), /email: .*string/);
    assert.equal((await world.sql('select * from users')).length, 0);
  },
  'a plaintext that somebody put into the column is an error, not passed through': async (
    world,
  ) => {
    await world.sql(
      `insert into users (id, name, email) values (1, 'Mallory', 'planted@example.com')`,
    );
    const error = await rejection(world.all(), 'MALFORMED_MESSAGE');
    assert.match(error.message, /email: /);
  },
  'a ciphertext that was moved to another column is an error': async (world) => {
    await world.create({ name: 'Ada', email: ADA, phone: 'xyzzy' });
    await world.sql('update users set email = phone');
    await rejection(world.all(), 'FIELD_MISMATCH');
  },
  'a model that is declared but has no keys is an error at the call; nothing is stored': async (
    world,
  ) => {
    await rejection(world.createUnopened({ name: 'Ada', email: ADA }), 'INVALID_ARGUMENT');
    assert.equal((await world.sql('select * from users')).length, 0);
  },
  'after a rotation of the key old and new values are read': async (world) => {
    await world.create({ name: 'Ada', email: ADA });
    const [before] = await world.sql('select email from users');
    await world.promoteNewKey('encryption');
    await world.create({ name: 'Bob', email: BOB });
    assert.deepEqual(
      (await world.all()).map(({ email }) => email),
      [ADA, BOB],
    );
    const [, { email }] = await world.sql('select email from users order by id');
    assert.notEqual(email.slice(0, 6), before.email.slice(0, 6));
  },
  'while the key of the indexes is rotated, old and new rows are found': async (world) => {
    await world.create({ name: 'Ada', email: ADA });
    await world.promoteNewKey('index');
    await world.create({ name: 'Bob', email: BOB });
    assert.deepEqual(names(await world.byEmails([ADA, BOB])), ['Ada', 'Bob']);
    assert.equal((await world.byEmail(ADA)).name, 'Ada');
    assert.deepEqual(names(await world.byNotEmail(ADA)), ['Bob']);
  },
};

function names(rows) {
  return rows.map(({ name }) => name).sort();
}

/** Calls and awaits it: a query builder may throw before it returns a promise, which is then a rejection. */
async function attempt(call) {
  return await call();
}

async function refused(promise, text) {
  const error = await rejection(promise, 'INVALID_ARGUMENT');
  assert.match(error.message, text);
  assert.ok(!error.message.includes('xyzzy'), error.message);
}

module.exports = { ADA, BOB, CASES, SEALED, attempt, refused };
