'use strict';

const fs = require('node:fs');

/** Returns the most memory that this process has had, in bytes. */
function peakMemory() {
  const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'));
  return Number(kibibytes) * 1024;
}

module.exports = { peakMemory };
