'use strict';

const fs = require('node:fs');
const path = require('node:path');

/**
 * Changes the links in a package's pages that lead to files which the package does not hold: they lead to
 * the repository then, at the package's version. Without a repository they stay as they are.
 *
 * @param {string} folder the package, as it will be packed
 * @param {{ version: string, repository?: { url: string } }} manifest
 */
function linkToRepository(folder, { version, repository }) {
  if (repository === undefined) return;
  const home = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
  for (const page of pagesIn(folder)) {
    const file = path.join(folder, page);
    const text = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(
      file,
      text.replace(/\]\(([^)\s:#]+)(#[^)\s]*)?\)/g, (link, target, anchor = '') => {
        const place = path.posix.join(path.posix.dirname(page), target);
        if (fs.existsSync(path.join(folder, place))) return link;
        return `](${home}/blob/v${version}/${place}${anchor})`;
      }),
    );
  }
}

/** Returns the Markdown files in a folder and below. */
function pagesIn(folder) {
  const names = fs.readdirSync(folder, { recursive: true });
  return names.map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith('.md'));
}

module.exports = { linkToRepository, pagesIn };
