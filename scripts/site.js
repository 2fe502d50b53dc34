'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const prepare = require('./prepare');
const { runMain } = require('./run-main.js');

const SITE = path.join(prepare.ROOT, 'site');

/**
 * `node scripts/site.js`: writes the API reference from the types, builds the site into `target/site`,
 * and checks its links, anchors included. With `--serve` it serves the pages instead, as they are while they are edited.
 */
function main(args) {
  if (args.some((arg) => arg !== '--serve')) throw new Error('node scripts/site.js [--serve]');
  prepare.site();
  node('node_modules/typedoc/bin/typedoc', '--options', 'typedoc.js', '--logLevel', 'Warn');
  const vitepress = 'node_modules/vitepress/bin/vitepress.js';
  if (args.length > 0) return node(vitepress, 'dev', '.', '--host', '127.0.0.1');
  node(vitepress, 'build', '.');
  node('check-links.js');
}

function node(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: SITE, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${path.basename(args[0])} failed`);
}

runMain(main, process.argv.slice(2));
