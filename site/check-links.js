import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const SITE = path.resolve(import.meta.dirname, '../target/site');
const BASE = process.env.SITE_BASE ?? '/';

/** Returns the links and pictures of a built site that lead nowhere, anchors included. */
export function brokenLinks(site) {
  const pages = readdirSync(site, { recursive: true }).filter((name) => name.endsWith('.html'));
  const contents = new Map(pages.map((page) => [page, read(path.join(site, page))]));
  return [...contents].flatMap(([page, { links }]) =>
    links
      .filter((link) => !resolves(site, page, link, contents))
      .map((link) => `${page} -> ${link}`),
  );
}

function read(file) {
  const html = readFileSync(file, 'utf8');
  const values = (pattern) => [...html.matchAll(pattern)].map(([, value]) => unescape(value));
  return { links: values(/ (?:href|src)="([^"]*)"/g), ids: new Set(values(/ id="([^"]*)"/g)) };
}

function unescape(text) {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
}

function resolves(site, page, link, contents) {
  const url = new URL(link, `http://site${BASE}${page}`);
  if (url.host !== 'site') return true;
  if (!url.pathname.startsWith(BASE)) return false;
  let file = decodeURIComponent(url.pathname.slice(BASE.length));
  if (file === '' || file.endsWith('/')) file += 'index.html';
  if (!existsSync(path.join(site, file)) || !statSync(path.join(site, file)).isFile()) return false;
  return url.hash === '' || contents.get(file)?.ids.has(decodeURIComponent(url.hash.slice(1)));
}

if (process.argv[1] === import.meta.filename) {
  const broken = brokenLinks(SITE);
  for (const link of broken) console.error(link);
  if (broken.length > 0) {
    console.error(`${broken.length} links lead nowhere`);
    process.exitCode = 1;
  }
}
