'use strict';

const { invalid } = require('../../lib/errors.js');

/**
 * The error of an order by an encrypted column.
 *
 * @param {string} name of the column, such as `User.email`
 */
function orderRefused(name) {
  return invalid(
    `${name} is encrypted, and the database cannot order by it: ciphertexts have no order of their ` +
      'values. Read the rows, and order them in the program',
  );
}

/**
 * The error of a condition that no index can answer.
 *
 * @param {string} name
 * @param {string} condition what was asked, such as `LIKE`
 * @param {boolean} isIndexed
 */
function conditionRefused(name, condition, isIndexed) {
  const reason = `${name} is encrypted, and the database cannot answer ${condition} on it`;
  return invalid(
    isIndexed
      ? `${reason}: its blind index answers equality, a list of values, and null. Search by one of ` +
          'those, and filter the decrypted rows in the program'
      : `${reason}: it has no blind index. Give it the option \`index\`, which answers equality and a ` +
          'list of values',
  );
}

/**
 * The error of a write whose value the database would compute.
 *
 * @param {string} name
 */
function expressionRefused(name) {
  return invalid(
    `${name} is encrypted, and cannot be set to an SQL expression: the database would store the ` +
      'result in the clear. Compute the value in the program',
  );
}

/**
 * The error of a column that is declared, but whose keys are not there yet.
 *
 * @param {string} name
 * @param {string} call what gives it its keys
 */
function unopened(name, call) {
  return invalid(`${name} is encrypted, and its keys are not open: ${call} before it is used`);
}

/**
 * The error of an index that was set by hand, or of a condition on it.
 *
 * @param {string} name of the index's column
 * @param {string} of the name of the encrypted column
 */
function indexRefused(name, of) {
  return invalid(
    `${name} is the blind index of ${of} and follows it: leave it out, and give ${of}`,
  );
}

/**
 * The error of a comparison with null, which is neither true nor false in SQL.
 *
 * @param {string} name
 */
function nullRefused(name) {
  return invalid(
    `${name} is compared with null, which finds no row in SQL: ask for null by the condition of its own, ` +
      'IS NULL or IS NOT NULL',
  );
}

module.exports = {
  conditionRefused,
  expressionRefused,
  indexRefused,
  nullRefused,
  orderRefused,
  unopened,
};
