'use strict';

/** @typedef {import('./nodes.js').Node} Node */

const WORD = /[\p{L}\p{N}_$]+/gu;
const QUOTED = /"(?:[^"]|"")*"|`[^`]*`|'(?:[^']|'')*'/g;
/** Escapes and comments, in which an apostrophe may begin or end no text. */
const UNCLEAR = /\\|--|\/\*|#(?![>-])|\$\w*\$/;

/**
 * Returns the text of raw SQL with the names that were given as parts of it, and without the texts that it
 * quotes, unless it is unclear where they end. Other parts are question marks.
 *
 * @param {Node} node a `RawNode`
 */
function textOf(node) {
  const text = written(node);
  if (UNCLEAR.test(text)) return text;
  return text.replace(QUOTED, (quoted) => (quoted.startsWith("'") ? "''" : quoted));
}

/**
 * @param {Node | undefined} node
 * @returns {string}
 */
function written(node) {
  switch (node?.kind) {
    case undefined:
      return '';
    case 'RawNode':
      return node.sqlFragments
        .map((/** @type {string} */ text, /** @type {number} */ i) => {
          return text + written(node.parameters[i]);
        })
        .join('');
    case 'IdentifierNode':
      return `"${node.name.replaceAll('"', '""')}"`;
    case 'SchemableIdentifierNode':
      return written(node.identifier);
    case 'TableNode':
      return written(node.table);
    case 'ValueNode':
      return node.immediate && typeof node.value === 'number' ? String(node.value) : ' ? ';
    default:
      return ' ? ';
  }
}

/**
 * Whether a text has a name in it, however its letters and underscores are written.
 *
 * @param {string} text
 * @param {string} name
 */
function mentions(text, name) {
  if (name.replace(WORD, '') !== '') return text.toLowerCase().includes(name.toLowerCase());
  return (text.match(WORD) ?? []).some((word) => bare(word) === bare(name));
}

/**
 * Whether a text has the whole row of a table in it: its name, and no column after it.
 *
 * @param {string} text
 * @param {string} alias
 */
function mentionsRow(text, alias) {
  return [...text.matchAll(WORD)].some(({ 0: word, index }) => {
    if (bare(word) !== bare(alias)) return false;
    const after = text.slice(index + word.length);
    if (/^["`\]]?\s*\.\s*\*/.test(after)) return true;
    return !/\.\s*["`[]?$/.test(text.slice(0, index)) && !/^["`\]]?\s*\./.test(after);
  });
}

/** @param {string} name */
function bare(name) {
  return name.replaceAll('_', '').toLowerCase();
}

module.exports = { bare, mentions, mentionsRow, textOf };
