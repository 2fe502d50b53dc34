'use strict';

const binding = require('./load.js');

/** Whether messages are encrypted by AWS-LC's FIPS module; what docs/fips.md lists is refused then. */
const fips = binding.fipsMode();

module.exports = { fips };
