'use strict';

const fs = require('node:fs');
const path = require('node:path');

const RULE = '='.repeat(80);
const LICENCE_FILE = /^(licen[sc]e|copying|notice|copyright|unlicense)/i;
/** Crates that contain another project's sources, with the folders where that project's licences are. */
const BUNDLED = { 'aws-lc-sys': ['aws-lc', 'aws-lc/third_party/fiat'] };
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT.
IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION
WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/**
 * Returns the notices that the licences of these crates ask for, as one text; equal texts stand once.
 *
 * @param {ReturnType<typeof import('./crates').cratesIn>} crates
 */
function notices(crates) {
  const users = new Map();
  for (const crate of crates) {
    for (const text of licenceTexts(crate)) {
      users.set(text, [...(users.get(text) ?? []), crate]);
    }
  }
  const texts = [...users].map(([text, owners]) => {
    const names = owners.map(({ name, version, license }) => `${name} ${version} (${license})`);
    return [RULE, ...names, RULE, '', text, ''].join('\n');
  });
  return [
    'This binary holds code of the crates below, and of the Rust standard library (MIT OR Apache-2.0),',
    'under these licences. Of a choice ("OR"), Apache-2.0 is taken where it is among them.',
    '',
    ...texts,
  ].join('\n');
}

function licenceTexts(crate) {
  const folders = [crate.folder, ...bundledFolders(crate)];
  const files = folders.flatMap((folder) =>
    fs
      .readdirSync(folder)
      .filter((name) => LICENCE_FILE.test(name))
      .map((name) => path.join(folder, name))
      .filter((file) => fs.statSync(file).isFile()),
  );
  const apache = files.filter((file) => /apache|notice/i.test(path.basename(file)));
  const taken = isChoiceOfApache(crate) && apache.length > 0 ? apache : files;
  const texts = taken.map((file) => withoutMargins(fs.readFileSync(file, 'utf8')));
  return texts.length > 0 ? texts : [mitNotice(crate)];
}

/**
 * Returns whether the Apache licence is one of several to choose from, and no other is asked for.
 */
function isChoiceOfApache({ license }) {
  const choices = license.split(/ OR |\//).map((choice) => choice.trim());
  return choices.includes('Apache-2.0') && !license.includes(' AND ');
}

function bundledFolders({ name, folder }) {
  return (BUNDLED[name] ?? []).map((inside) => path.join(folder, inside));
}

/** Returns the notice of a crate that comes without the text of its licence: only MIT is known here. */
function mitNotice({ name, license, authors }) {
  if (!/\bMIT\b/.test(license)) throw new Error(`${name} (${license}) has no text of its licence`);
  const holders = authors.length > 0 ? authors.join(', ') : `the authors of ${name}`;
  return `Copyright (c) ${holders}\n\n${MIT}`;
}

function withoutMargins(text) {
  return text.replaceAll('\r\n', '\n').trim();
}

module.exports = { notices };
