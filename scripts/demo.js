'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const prepare = require('./prepare.js');

// The demo is a process of its own, because it loads the addon, which may have to be built first.
prepare.addon();
const demo = path.join(prepare.ROOT, 'examples', 'demo.js');
process.exitCode = spawnSync(process.execPath, [demo], { stdio: 'inherit' }).status ?? 1;
