import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** The root of the repository: the pages are its Markdown files, where they are. */
export const ROOT = path.resolve(import.meta.dirname, '../..');

/** The pages that TypeDoc writes; not in the repository. */
const API = 'site/api/';

/** The names that pages outside of `docs/` have on the site. */
const NAMES = {
  'CHANGELOG.md': 'changelog.md',
  'CONTRIBUTING.md': 'contributing.md',
  'README.md': 'start.md',
  'SECURITY.md': 'security.md',
  'examples/README.md': 'examples.md',
  'service/README.md': 'service/index.md',
  'site/index.md': 'index.md',
};

/** What holds no page of the site: the other folders of the repository. */
export const NOT_PAGES = [
  '!(docs|examples|service|site)/*/**',
  'service/!(docs)/*/**',
  'site/!(api)/*/**',
];

/**
 * Returns where a Markdown file of the repository lies on the site, or undefined if it is no page.
 *
 * @param {string} file relative to the repository's root, with forward slashes
 */
export function placeOf(file) {
  if (Object.hasOwn(NAMES, file)) return NAMES[file];
  if (file.startsWith(API)) return file.slice('site/'.length);
  const inFolder = /^(?:docs\/|(service\/)docs\/)([^/]+\.md)$/.exec(file);
  return inFolder ? `${inFolder[1] ?? ''}${inFolder[2]}` : undefined;
}

/** Returns the first heading of a page. */
export function titleOf(file) {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const heading = /^# (.+)$/m.exec(text);
  if (!heading) throw new Error(`${file} has no heading`);
  return heading[1].replaceAll('`', '');
}

/** Returns the Markdown files of a folder. */
export function pagesIn(folder) {
  const names = readdirSync(path.join(ROOT, folder)).filter((name) => name.endsWith('.md'));
  return names.sort().map((name) => `${folder}/${name}`);
}

/**
 * Returns where a link of a page leads on the site: to a page, to the API reference, to the repository,
 * or, where no repository is known, nowhere (undefined).
 *
 * @param {string} page the page's file, relative to the repository's root
 * @param {string} href the link as it is written, relative to that file
 * @param {string | undefined} repository the repository's address
 */
export function resolveLink(page, href, repository) {
  const [target, anchor] = href.split('#');
  if (target === '') return href;
  const file = path.posix.join(path.posix.dirname(page), decodeURIComponent(target));
  const hash = anchor === undefined ? '' : `#${anchor}`;
  const place = placeOf(file);
  if (place) return `/${place.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}${hash}`;
  if (/^(index|types\/.*|integrations\/.*)\.d\.ts$/.test(file)) return '/api/';
  if (!existsSync(path.join(ROOT, file))) throw new Error(`${page} links to ${href}: not there`);
  return repository && `${repository}/blob/main/${file}${hash}`;
}
