'use strict';

const { cargoTool, runTool } = require('./cargo-tool');

const VERSION = '0.20.2';
/** The checks that need only the crates' registry; `advisories` also downloads a database. */
const DEFAULT_CHECKS = ['bans', 'licenses', 'sources'];

/** `node scripts/deny.js [CHECK...]`: checks the crates against deny.toml; CI checks the advisories, too. */
function main(checks) {
  const names = checks.length > 0 ? checks : DEFAULT_CHECKS;
  runTool(cargoTool('cargo-deny', VERSION), ['check', '--hide-inclusion-graph', ...names]);
}

main(process.argv.slice(2));
