'use strict';

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');

/** The blocks of code in this language in a file of the repository, such as `README.md`. */
function codeBlocks(file, language) {
  const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
  const blocks = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms');
  return [...text.matchAll(blocks)].map(([, code]) => code);
}

/** A block of code in the README: the first in this language that holds this text. */
function codeInReadme(language, text = '') {
  return codeBlocks('README.md', language).find((code) => code.includes(text));
}

module.exports = { codeBlocks, codeInReadme };
