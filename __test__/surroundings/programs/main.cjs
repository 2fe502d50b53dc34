'use strict';

const { exercise } = require('./exercise.cjs');

/** Prints what became of it, as JSON. */
async function main() {
  try {
    console.log(JSON.stringify({ outcome: await exercise(require('kms-envelope')) }));
  } catch (error) {
    const { code, message } = error;
    console.log(JSON.stringify({ code, message, instance: error.name }));
  }
}

main();
