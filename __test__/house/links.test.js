'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const ROOT = path.join(__dirname, '..', '..');
const PAGES = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: ROOT })
  .toString()
  .split('\n')
  .filter((name) => name !== '' && fs.existsSync(path.join(ROOT, name)));

describe('the pages of the repository', () => {
  for (const page of PAGES) {
    it(`${page} has links and anchors that lead somewhere`, () => {
      assert.deepEqual(brokenLinks(page), []);
    });
  }

  it('are found, and a broken link would be seen', () => {
    assert.ok(PAGES.includes('README.md') && PAGES.includes('docs/errors.md'), PAGES.join());
    const links = linksIn('[a](README.md#nowhere) ![b](no.svg) `[c](code.md)`');
    assert.deepEqual(links, ['README.md#nowhere', 'no.svg']);
    const broken = links.filter((link) => !resolves('SECURITY.md', link));
    assert.deepEqual(broken, links);
  });
});

function brokenLinks(page) {
  const links = linksIn(fs.readFileSync(path.join(ROOT, page), 'utf8'));
  return links.filter((link) => !resolves(page, link));
}

/** The targets of links and pictures, but for those in code and those that leave the repository. */
function linksIn(text) {
  const prose = text.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map(([, target]) => target);
  return targets.filter((target) => !/^(https?|mailto):/.test(target));
}

function resolves(page, link) {
  const [file, anchor] = link.split('#');
  const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
  if (!fs.existsSync(path.join(ROOT, target))) return false;
  return anchor === undefined || anchorsIn(target).has(anchor);
}

/** Headings as GitHub names them, and the anchors that a page sets itself. */
function anchorsIn(page) {
  if (!page.endsWith('.md')) return new Set();
  const text = fs.readFileSync(path.join(ROOT, page), 'utf8').replace(/^```[^]*?^```/gm, '');
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  const own = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id);
  return new Set([...headings, ...own]);
}
