'use strict';

const binding = require('./load.js');

/** Whether messages are encrypted by AWS-LC's FIPS module, which refuses what is not approved. */
const fips = binding.fipsMode();

module.exports = { fips };
