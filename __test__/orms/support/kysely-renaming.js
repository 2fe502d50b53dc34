'use strict';

const assert = require('node:assert/strict');

const { encryptedTables } = require('../../../integrations/kysely');
const { attempt, refused } = require('./cases');

/** What a plugin that renames columns must not lead past the encryption. */
module.exports = {
  'with CamelCasePlugin inside, the columns may have other names': async (world) => {
    const { CamelCasePlugin, sql } = require('kysely');
    const { fields } = world;
    await world.sql(
      'create table camel_cases (id integer, first_name text, first_name_index text)',
    );
    const declared = { camelCases: { firstName: { type: 'text', index: {} } } };
    try {
      const encryption = encryptedTables(declared, { plugins: [new CamelCasePlugin()] });
      const db = world.another([encryption.open({ fields })]);
      await db.insertInto('camelCases').values({ id: 1, firstName: 'xyzzy' }).execute();
      const query = (from) => from.selectFrom('camelCases').selectAll();
      const [row] = await query(db).where('firstName', '=', 'xyzzy').execute();
      assert.equal(row.firstName, 'xyzzy');
      const text = query(db).where(sql`first_name = ${'xyzzy'}`);
      await refused(
        attempt(() => text.execute()),
        /cannot answer/,
      );
      await db.destroy();
      const outside = [encryptedTables(declared).open({ fields }), new CamelCasePlugin()];
      const wrong = world.another(outside);
      await refused(query(wrong).execute(), /as the option `plugins`/);
      await wrong.destroy();
      const before = new CamelCasePlugin();
      const late = world.another([before, encryptedTables(declared).open({ fields })]);
      const insert = () => late.insertInto('camelCases').values({ firstName: 'xyzzy' }).execute();
      await refused(attempt(insert), /camelCases is written as camel_cases/);
      const column = { camel_cases: declared.camelCases };
      const later = world.another([before, encryptedTables(column).open({ fields })]);
      const values = { firstName: 'xyzzy' };
      const calls = [
        () => later.insertInto('camelCases').values(values).execute(),
        () => later.updateTable('camelCases').set(values).execute(),
        () => later.selectFrom('camelCases').selectAll().where('firstName', '=', 'x').execute(),
      ];
      for (const call of calls) await refused(attempt(call), /firstName is written as first_name/);
      assert.equal((await world.sql('select * from camel_cases')).length, 1);
      await late.destroy();
      await later.destroy();
    } finally {
      await world.sql('drop table camel_cases');
    }
  },
};
