'use strict';

// `be-faulty.js MODULE FAULT...`: calls functions of faulty.c, to see that they are found out.
const [faulty, ...faults] = process.argv.slice(2);
for (const fault of faults) require(faulty)[fault](Buffer.allocUnsafeSlow(64));
