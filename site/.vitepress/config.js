import { readFileSync } from 'node:fs';
import path from 'node:path';
import { slug } from 'github-slugger';
import { defineConfig } from 'vitepress';
import { repositoryLinks } from './links.js';
import { NOT_PAGES, placeOf, ROOT } from './pages.js';
import { sidebar } from './sidebar.js';

const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
// The workflows set it: in the repository no address stands.
const repository = process.env.SITE_REPOSITORY;
const base = process.env.SITE_BASE ?? '/';

export default defineConfig({
  title: manifest.name,
  description: manifest.description,
  lang: 'en',
  base,
  srcDir: ROOT,
  srcExclude: NOT_PAGES,
  rewrites: (file) => placeOf(file) ?? file,
  outDir: path.join(ROOT, 'target', 'site'),
  cacheDir: path.join(ROOT, 'target', 'site-cache'),
  metaChunk: true,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}icon.svg` }]],
  vite: {
    publicDir: path.join(ROOT, 'site', 'public'),
    build: { assetsInlineLimit: 0 },
    plugins: [{ name: 'vue-of-the-site', enforce: 'pre', resolveId: resolveVue }],
  },
  markdown: {
    anchor: { slugify: slug },
    headers: { slugify: slug },
    toc: { slugify: slug },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (md) => md.use(repositoryLinks, { repository }),
  },
  transformPageData: ({ frontmatter }) => {
    if (frontmatter.hero) frontmatter.hero.tagline = manifest.description;
  },
  themeConfig: {
    logo: '/icon.svg',
    nav: [
      { text: 'Guide', link: '/start' },
      { text: 'API', link: '/api/', activeMatch: '/api/' },
      { text: 'Command line', link: '/command-line' },
      { text: 'Service', link: '/service/', activeMatch: '/service/' },
      { text: manifest.version, link: '/changelog' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local', options: { detailedView: true } },
    ...(repository && { socialLinks: [{ icon: 'github', link: repository }] }),
  },
});

/** The pages lie outside of the folder that Vue is installed in: it resolves as if they did not. */
function resolveVue(id, importer) {
  if (!/^vue(\/|$)/.test(id) || importer === import.meta.filename) return undefined;
  return this.resolve(id, import.meta.filename, { skipSelf: true });
}
