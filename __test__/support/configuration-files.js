'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { temporaryFolder } = require('./files');

const folder = temporaryFolder();

/** Returns the variable that names a config file with this text; each is a file of its own. */
let files = 0;
function config(text) {
  const place = path.join(folder, `config-${++files}`);
  fs.writeFileSync(place, text);
  return { AWS_CONFIG_FILE: place };
}

module.exports = { config, folder };
