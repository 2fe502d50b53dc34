'use strict';

/**
 * Returns a Content-Disposition header (RFC 6266). A name that is not plain ASCII also stands in UTF-8; its
 * folders are left out.
 *
 * @param {boolean} isInline whether browsers show it rather than save it
 * @param {string | undefined} filename
 */
function dispositionOf(isInline, filename) {
  const kind = isInline ? 'inline' : 'attachment';
  const name = filename?.replace(/^.*[\\/]/s, '').toWellFormed();
  if (!name) return kind;
  const ascii = name.replace(/[^\x20-\x7e]|["%]/g, '_');
  const plain = `${kind}; filename="${ascii}"`;
  return ascii === name ? plain : `${plain}; filename*=UTF-8''${encoded(name)}`;
}

/** @param {string} name */
function encoded(name) {
  const escape = (/** @type {string} */ letter) =>
    `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(name).replace(/['()*]/g, escape);
}

module.exports = { dispositionOf };
