import path from 'node:path';
import { ROOT, resolveLink } from './pages.js';

/**
 * A plugin of markdown-it: links between files of the repository become links of the site.
 *
 * @param {import('markdown-it')} md
 * @param {{ repository?: string }} options without a repository, links to its sources become plain text
 */
export function repositoryLinks(md, { repository }) {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    const page = path.relative(ROOT, env.realPath ?? env.path).replaceAll('\\', '/');
    for (const { children } of tokens) if (children) rewrite(children, page, repository);
  });
}

function rewrite(tokens, page, repository) {
  tokens.forEach((token, index) => {
    const href = token.type === 'link_open' ? token.attrGet('href') : null;
    if (href === null || /^([a-z]+:|\/)/.test(href)) return;
    const target = resolveLink(page, href, repository);
    if (target !== undefined) return token.attrSet('href', target);
    // Links do not nest: the next end is this link's.
    for (const part of [token, tokens.slice(index).find(({ type }) => type === 'link_close')]) {
      Object.assign(part, { type: part.type.replace('link', 'em'), tag: 'span', attrs: null });
    }
  });
}
