'use strict';

const { Module } = require('./common.js');
const args = require('../../lib/input/index.js');
const { Fields } = require('../../lib/fields/fields.js');
const { bindColumn, columnOptionsOf, unbindColumn } = require('./column.js');
const { asyncOptions, atShutdown } = require('./module-options.js');
const { columnToken, envelopeToken, fieldsToken } = require('./tokens.js');

/** Provides the encrypted columns of a tenant, whose keys are there before anything can use them. */
class FieldsModule {
  /** @param {unknown} options those of `Fields.open`, and `name`, `global` */
  static forRoot(options) {
    const { taken: name, rest } = args.take(options, 'name', 'store');
    const { taken: global, rest: more } = args.take(rest, 'global');
    const { taken: envelope, rest: settings } = args.take(more, 'envelope');
    return FieldsModule.forRootAsync({
      ...(name === undefined ? {} : { name }),
      ...(global === undefined ? {} : { global }),
      ...(envelope === undefined ? {} : { envelope }),
      useFactory: () => ({ ...settings }),
    });
  }

  /** @param {unknown} options */
  static forRootAsync(options) {
    const checkedOptions = asyncOptions(options, /** @type {const} */ (['envelope']));
    const token = fieldsToken(checkedOptions.name);
    const fields = {
      provide: token,
      inject: [envelopeToken(checkedOptions.envelope), ...checkedOptions.inject],
      useFactory: async (/** @type {unknown} */ envelope, /** @type {unknown[]} */ ...injected) =>
        Fields.open({ envelope, ...(await checkedOptions.useFactory(...injected)) }),
    };
    const release = atShutdown(token, (opened) => opened.close());
    return {
      module: FieldsModule,
      global: checkedOptions.global,
      imports: checkedOptions.imports,
      providers: [fields, release],
      exports: [token],
    };
  }

  /**
   * @param {unknown} columns options of columns, or what `defineColumn` gave
   * @param {unknown} [options]
   */
  static forFeature(columns, options) {
    const { fields: name } = args.options(options, /** @type {const} */ (['fields']));
    const token = fieldsToken(/** @type {string | undefined} */ (name));
    const listed = args.list(columns, 'the columns');
    const providers = listed.map((column) => {
      const settings = columnOptionsOf(column);
      return {
        provide: columnToken(settings, /** @type {string | undefined} */ (name)),
        inject: [token],
        useFactory: (/** @type {InstanceType<typeof Fields>} */ opened) =>
          bindColumn(column, opened, opened.column(settings)),
      };
    });
    const release = atShutdown(token, (opened) => {
      for (const column of listed) unbindColumn(column, opened);
    });
    return {
      module: FieldsModule,
      providers: [...providers, release],
      exports: providers.map(({ provide }) => provide),
    };
  }
}

Module({})(FieldsModule);

module.exports = { FieldsModule };
