import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { chromium } from 'playwright-core';
import { brokenLinks } from '../check-links.js';

const SITE = path.resolve(import.meta.dirname, '../../target/site');
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/google-chrome'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TYPES = { css: 'text/css', html: 'text/html', js: 'text/javascript', svg: 'image/svg+xml' };
const SIZES = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
};
const PAGES = [
  '/',
  '/start.html',
  '/glossary.html',
  '/branch-keys.html',
  '/benchmarks.html',
  '/api/kms-envelope/classes/Envelope.html',
];

describe('the site of the documentation', () => {
  let server;
  let browser;

  before(async () => {
    assert.ok(existsSync(path.join(SITE, 'index.html')), 'run `npm run site` first');
    const executablePath = BROWSERS.find((file) => existsSync(file));
    assert.ok(executablePath, 'install Chromium: apt-get install chromium');
    server = await serve(SITE);
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  });

  after(async () => {
    await browser?.close();
    server?.close();
  });

  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark']) {
      it(`shows pages without errors, barriers or overflow: ${size}, ${colorScheme}`, async () => {
        const context = await browser.newContext({ viewport, colorScheme });
        try {
          const page = await context.newPage();
          const faults = faultsOf(page);
          const barriers = {};
          for (const place of PAGES) {
            await page.goto(url(server, place), { waitUntil: 'networkidle' });
            await picture(page, `${place}-${size}-${colorScheme}`);
            barriers[place] = await barriersOf(page);
            const width = await page.evaluate('document.documentElement.scrollWidth');
            if (width > viewport.width) faults.push(`${place} is ${width} wide`);
          }
          assert.deepEqual(faults, []);
          const none = Object.fromEntries(PAGES.map((place) => [place, []]));
          assert.deepEqual(barriers, none);
        } finally {
          await context.close();
        }
      });
    }
  }

  it('finds a page by a word that only its text has, and opens it', async () => {
    const page = await browser.newPage();
    await page.goto(url(server, '/'));
    const search = page.getByRole('searchbox');
    // The page hears the key once its scripts run.
    while (!(await search.isVisible())) {
      await page.keyboard.press('Control+k');
      await search.waitFor({ timeout: 1000 }).catch(() => {});
    }
    await search.fill('ERR_ENVELOPE_CONTEXT_MISMATCH');
    await page.locator('.result').first().waitFor();
    await page.locator('.result[href*="/errors"]').first().click();
    await page.waitForURL(/\/errors\.html/);
    assert.match(await page.locator('h1').innerText(), /Errors/);
    await page.close();
  });

  it('goes dark with its pictures when the reader says so', async () => {
    const page = await browser.newPage({ colorScheme: 'light' });
    await page.goto(url(server, '/glossary.html'), { waitUntil: 'networkidle' });
    const picture = page.locator('.vp-doc img').first();
    const light = await picture.screenshot();
    await page.locator('.VPSwitchAppearance').first().click();
    await page.waitForFunction('document.documentElement.classList.contains("dark")');
    assert.notDeepEqual(await picture.screenshot(), light);
    await page.close();
  });

  it('has a reference of each class and function that the package exports', () => {
    const exported = Object.entries(createRequire(import.meta.url)('../../index.js'));
    const pages = exported
      .filter(([, value]) => typeof value === 'function')
      .map(([name, value]) => {
        const kind = /^class /.test(String(value)) ? 'classes' : 'functions';
        return path.join(SITE, 'api', 'kms-envelope', kind, `${name}.html`);
      });
    assert.ok(pages.length > 20, `${pages.length} exports`);
    assert.deepEqual(
      pages.filter((file) => !existsSync(file)),
      [],
    );
  });

  it('has no link to a page or an anchor that is not there, and would not be built with one', () => {
    assert.deepEqual(brokenLinks(SITE), []);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-site-'));
    try {
      writeFileSync(path.join(folder, 'a.html'), '<a href="/b.html"><a href="b.html#there">');
      writeFileSync(path.join(folder, 'b.html'), '<h1 id="there"><a href="a.html#x"><img src="c">');
      assert.deepEqual(brokenLinks(folder), ['b.html -> a.html#x', 'b.html -> c']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** The built site, on a port of its own. */
function serve(folder) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const file = path.join(folder, decodeURIComponent(pathname).replace(/\/$/, '/index.html'));
    const type = TYPES[path.extname(file).slice(1)] ?? 'application/octet-stream';
    if (!existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': type }).end(readFileSync(file));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function url(server, place) {
  return `http://127.0.0.1:${server.address().port}${place}`;
}

/** What a page complains of, and what it asks for in vain. */
function faultsOf(page) {
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('response', (answer) => answer.ok() || faults.push(`${answer.status()} ${answer.url()}`));
  return faults;
}

/** What axe finds that breaks the accessibility guidelines WCAG 2.1 AA, contrast included. */
async function barriersOf(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(globalThis.document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'],
      // VitePress's own: groups of the sidebar that are links and fold, and the short name of its search.
      rules: {
        'label-content-name-mismatch': { enabled: false },
        'nested-interactive': { enabled: false },
      },
    });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} ${target}`));
  });
}

/** Keeps a picture of the page in the folder that SCREENSHOTS names, for people to look at. */
async function picture(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name.replaceAll('/', '_')}.png`) });
}
