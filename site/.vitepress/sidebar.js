import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pagesIn, placeOf, ROOT, titleOf } from './pages.js';

/** The pages in the order to read them; a page of `docs/` that is not named here comes last. */
const GROUPS = {
  Start: ['README.md', 'examples/README.md', 'docs/glossary.md', 'docs/deploying.md'],
  Guides: [
    'docs/keyrings.md',
    'docs/branch-keys.md',
    'docs/fields.md',
    'docs/frameworks.md',
    'docs/nest.md',
    'docs/express.md',
    'docs/typeorm.md',
    'docs/drizzle.md',
    'docs/prisma.md',
    'docs/kysely.md',
    'docs/s3.md',
    'docs/s3-migration.md',
    'docs/production.md',
    'docs/fips.md',
    'docs/command-line.md',
    'docs/migrating-from-client-node.md',
  ],
  'When it fails': ['docs/errors.md', 'docs/troubleshooting.md'],
  'How it is made': [
    'docs/architecture.md',
    'docs/conformance.md',
    'docs/benchmarks.md',
    'SECURITY.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
  ],
};
const TITLES = { 'README.md': 'Getting started' };

/** Returns the sidebars: one for the reference, one for the service, one for all else. */
export function sidebar() {
  const named = Object.values(GROUPS).flat();
  const others = pagesIn('docs').filter((page) => !named.includes(page));
  const guide = Object.entries(GROUPS).map(([text, pages]) => group(text, pages));
  if (others.length > 0) guide.splice(2, 0, group('More', others));
  return {
    '/api/': [{ text: 'API reference', link: '/api/', items: reference() }],
    '/service/': [group('Service', ['service/README.md', ...pagesIn('service/docs')])],
    '/': guide,
  };
}

function group(text, pages) {
  return { text, items: pages.map((page) => ({ text: title(page), link: link(page) })) };
}

function title(page) {
  return TITLES[page] ?? titleOf(page);
}

function link(page) {
  return `/${placeOf(page).replace(/(index)?\.md$/, '')}`;
}

/** What TypeDoc lists. */
function reference() {
  const file = path.join(ROOT, 'site', 'api', 'typedoc-sidebar.json');
  if (!existsSync(file)) throw new Error('run `npm run site`: the API reference is not there');
  return JSON.parse(readFileSync(file, 'utf8'));
}
