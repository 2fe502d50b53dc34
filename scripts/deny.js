'use strict';

const { cargoTool, runTool } = require('./cargo-tool');

const VERSION = '0.20.2';
/** What needs nothing but the crates' registry. `advisories` gets a database from elsewhere. */
const CHECKS = ['bans', 'licenses', 'sources'];

/** `node scripts/deny.js [CHECK...]`: checks the crates against deny.toml; CI checks the advisories, too. */
function main(checks) {
  const names = checks.length > 0 ? checks : CHECKS;
  runTool(cargoTool('cargo-deny', VERSION), ['check', '--hide-inclusion-graph', ...names]);
}

main(process.argv.slice(2));
