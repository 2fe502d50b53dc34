'use strict';

const binding = require('./load.js');

let warned = false;

/** Tells once of data keys in memory that the system did not let this process lock. */
function warnOfUnlockedKeys() {
  if (warned || !binding.hasUnlockedKeys()) return;
  warned = true;
  process.emitWarning(
    'data keys are kept in memory that could not be locked, so they may be swapped to disk; ' +
      'raise the limit of locked memory (ulimit -l, RLIMIT_MEMLOCK), or turn swap off',
    { type: 'SecurityWarning', code: 'KMS_ENVELOPE_UNLOCKED_KEYS' },
  );
}

module.exports = { warnOfUnlockedKeys };
