'use strict';

const fs = require('node:fs');
const path = require('node:path');

const README = path.join(__dirname, '..', '..', 'README.md');

/** A block of code in the README: the first in this language that holds this text. */
function codeInReadme(language, text = '') {
  const blocks = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms');
  const codes = [...fs.readFileSync(README, 'utf8').matchAll(blocks)].map(([, code]) => code);
  return codes.find((code) => code.includes(text));
}

module.exports = { codeInReadme };
