'use strict';

const { refused } = require('./cases');

/** What would be written in the clear, or read as a ciphertext, if the plugin let it pass. */
module.exports = {
  'a query in WITH that is named like a declared table is refused': async ({ db }) => {
    const shadowed = db.with('users', (qb) => qb.selectFrom('notes').select('id'));
    const values = { name: 'Ada', phone: 'xyzzy' };
    for (const call of [
      () => shadowed.insertInto('users').values(values).execute(),
      () => shadowed.updateTable('users').set(values).execute(),
      () => shadowed.updateTable('public.users').set(values).execute(),
      () => shadowed.deleteFrom('users').where('phone', '=', 'xyzzy').execute(),
      () => shadowed.selectFrom('users').selectAll().execute(),
      () => {
        const inner = shadowed.with('i', (qb) => qb.insertInto('users').values(values));
        return inner.selectFrom('i').selectAll().execute();
      },
      () => {
        const merge = shadowed.mergeInto('users').using('notes', 'notes.id', 'users.id');
        return merge.whenMatched().thenUpdateSet(values).execute();
      },
    ]) {
      await refused(attempt(call), /users is a table .* name of its own/);
    }
  },
};

/** A query builder may throw before it returns a promise. */
async function attempt(call) {
  return await call();
}
