'use strict';

const { existsSync } = require('node:fs');
const path = require('node:path');
const { PEERS } = require('./requirements');

/**
 * The binary of a major version of Node.js: this one, or one installed beside the peers.
 *
 * @param {number} major
 * @returns {string | undefined} undefined if it is not here
 */
function nodeBinary(major) {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath;
  const binary = path.join(PEERS, 'node_modules', `node-${major}`, 'bin', 'node');
  return existsSync(binary) ? binary : undefined;
}

module.exports = { nodeBinary };
