'use strict';

const path = require('node:path');

/** In UTF-8 and then in hexadecimal, a letter has at most 12 bytes. */
const MAX_LETTERS = 120;

/**
 * Returns a Content-Disposition header (RFC 6266). A name that is not plain ASCII also stands in UTF-8; its
 * folders are left out.
 *
 * @param {boolean} isInline whether browsers show it rather than save it
 * @param {string | undefined} filename
 */
function dispositionOf(isInline, filename) {
  const kind = isInline ? 'inline' : 'attachment';
  const name = filename && shortened(filename.replace(/^.*[\\/]/s, '').toWellFormed());
  if (!name) return kind;
  const ascii = name.replace(/[^\x20-\x7e]|["%]/g, '_');
  const plain = `${kind}; filename="${ascii}"`;
  return ascii === name ? plain : `${plain}; filename*=UTF-8''${encoded(name)}`;
}

/**
 * Returns a name that file systems take, and that fits into a header: clients refuse long ones, and whoever
 * uploads a file chooses its name. The extension stays.
 *
 * @param {string} name
 */
function shortened(name) {
  const letters = [...name];
  if (letters.length <= MAX_LETTERS) return name;
  const extension = [...path.extname(name)].slice(0, MAX_LETTERS / 4);
  return [...letters.slice(0, MAX_LETTERS - extension.length), ...extension].join('');
}

/** @param {string} name */
function encoded(name) {
  const escape = (/** @type {string} */ letter) =>
    `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(name).replace(/['()*]/g, escape);
}

module.exports = { dispositionOf };
