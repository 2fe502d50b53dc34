'use strict';

// `worker.js CASE [--quick]`: runs one case in this Node.js, and writes what it measured, as JSON,
// to the file that its standard output is.
const { CASES } = require('./cases');

const [, , name, quick] = process.argv;

CASES[name].run({ quick: quick === '--quick' }).then(
  (groups) => console.log(JSON.stringify({ node: process.versions.node, groups })),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
