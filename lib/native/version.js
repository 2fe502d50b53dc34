'use strict';

/** The version of this JavaScript, which its addon must have, too; `scripts/bump.js` sets it. */
const VERSION = '0.1.0';

module.exports = { VERSION };
