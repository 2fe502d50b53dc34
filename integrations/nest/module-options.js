'use strict';

const args = require('../../lib/input/index.js');
const { invalid } = require('../../lib/errors.js');

/** What NestJS takes as a provider, and as a dynamic module. */
/** @typedef {Record<string, any>} Provider */

/**
 * Returns the options of a `forRootAsync`, checked.
 *
 * @template {string} K
 * @param {unknown} options
 * @param {readonly K[]} known beside those that all have
 * @returns {{ [name in K | 'name']?: any } & { global: boolean, imports: unknown[], inject: unknown[], useFactory: Function }}
 */
function asyncOptions(options, known) {
  const all = ['name', 'global', 'imports', 'inject', 'useFactory', ...known];
  /** @type {Record<string, any>} */
  const { global, imports, inject, useFactory, ...rest } = args.options(options, all);
  if (typeof useFactory !== 'function') {
    throw invalid('useFactory must be a function that returns the options, or a promise of them');
  }
  return /** @type {any} */ ({
    ...rest,
    global: args.optionalBoolean(global, 'global') ?? true,
    imports: imports === undefined ? [] : args.list(imports, 'imports'),
    inject: inject === undefined ? [] : args.list(inject, 'inject'),
    useFactory,
  });
}

/**
 * Returns a provider whose only work is at the end of the application, after its last request.
 *
 * @param {any} token what it is given
 * @param {(value: any) => void} release
 * @returns {Provider}
 */
function atShutdown(token, release) {
  return {
    provide: Symbol('kms-envelope at shutdown'),
    useFactory: (/** @type {unknown} */ value) => ({
      onApplicationShutdown: () => release(value),
    }),
    inject: [token],
  };
}

module.exports = { asyncOptions, atShutdown };
