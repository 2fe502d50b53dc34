'use strict';

const fs = require('node:fs');
const path = require('node:path');

const README = path.join(__dirname, '..', '..', 'README.md');

/** The first block of code in this language in the README. */
function codeInReadme(language) {
  const text = fs.readFileSync(README, 'utf8');
  const [, code] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(text);
  return code;
}

module.exports = { codeInReadme };
