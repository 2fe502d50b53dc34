'use strict';

const { cargoTool, runTool } = require('./cargo-tool');

const VERSION = '27.1.0';

/**
 * `node scripts/mutants.js [OPTION...]`: makes small changes of the Rust code, one at a time, and names those
 * that no test notices. Takes the options of cargo-mutants, such as `-f src/format/header.rs`.
 */
function main(options) {
  runTool(cargoTool('cargo-mutants', VERSION), ['mutants', ...options]);
}

main(process.argv.slice(2));
