'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const prepare = require('./prepare.js');

// The demo is a user of the package: it loads it only once it is there.
prepare.addon();
const demo = path.join(prepare.ROOT, 'examples', 'demo.js');
process.exitCode = spawnSync(process.execPath, [demo], { stdio: 'inherit' }).status ?? 1;
