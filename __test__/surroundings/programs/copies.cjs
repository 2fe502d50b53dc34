'use strict';

const assert = require('node:assert/strict');
const { exercise } = require('./exercise.cjs');

/** One copy for us, and one for what we depend on. */
async function main() {
  const [own, other] = [require('kms-envelope'), require('./other')];
  assert.notEqual(own.Envelope, other.Envelope);
  const outcomes = await Promise.all([exercise(own), exercise(other)]);
  console.log(outcomes.join(' and '));
}

main();
