'use strict';

// `worker.js CASE [--quick]`: runs one case in this Node.js, and prints what it measured, as JSON.
const { CASES } = require('./cases');
const { waitedPart } = require('./lib/clock');

const [, , name, quick] = process.argv;

CASES[name].run({ quick: quick === '--quick' }).then(
  (groups) => {
    const node = process.versions.node;
    console.log(JSON.stringify({ node, waited: waitedPart(), groups }));
  },
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
