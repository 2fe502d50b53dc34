'use strict';

const { invalid } = require('../errors.js');
const { kind } = require('../input/kind.js');

/** @typedef {{ json: boolean, encrypted: boolean }} Form */

/** @type {Record<string, Form>} */
const FORMS = {
  'tink-json': { json: true, encrypted: false },
  'tink-binary': { json: false, encrypted: false },
  'tink-encrypted-json': { json: true, encrypted: true },
  'tink-encrypted-binary': { json: false, encrypted: true },
};

/**
 * How a keyset is written, by the name of its form.
 *
 * @param {unknown} name
 * @param {string} option
 */
function formOf(name, option) {
  if (typeof name === 'string' && Object.hasOwn(FORMS, name)) {
    return /** @type {Form} */ (FORMS[name]);
  }
  const names = Object.keys(FORMS).map((known) => `"${known}"`);
  throw invalid(`${option} must be one of ${names.join(', ')}, not ${kind(name)}`);
}

module.exports = { formOf };
