'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { bump } = require('../../scripts/bump');
const { temporaryFolder } = require('../support/files');
const { version } = require('../../package.json');

const ROOT = path.join(__dirname, '..', '..');
/** A statement of the package's own version, in JSON, TOML or a lock file. */
const OWN = [
  /"name": "kms-envelope[\w-]*",\n\s+"version": "([^"]+)"/g,
  /name = "kms-envelope"\nversion = "([^"]+)"/g,
  /^const VERSION = '([^']+)'/gm,
  /^\{"ok":true,"version":"([^"]+)"/gm,
];

describe('the script that sets the version', () => {
  const copy = temporaryFolder();
  const files = execFileSync(
    'git',
    ['ls-files', '*.json', '*.toml', '*.lock', '*.md', 'lib/native/version.js'],
    {
      cwd: ROOT,
    },
  )
    .toString()
    .split('\n')
    .filter((name) => fs.existsSync(path.join(ROOT, name)) && /\.\w+$/.test(name));
  const stated = files.filter((file) => versionsIn(path.join(ROOT, file)).length > 0);
  for (const file of [...stated, 'CHANGELOG.md', 'benchmark/results.json']) {
    fs.mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    fs.copyFileSync(path.join(ROOT, file), path.join(copy, file));
  }

  it('finds one version in the whole repository now', () => {
    assert.ok(stated.length >= 14, stated.join());
    for (const file of stated) {
      assert.deepEqual([...new Set(versionsIn(path.join(ROOT, file)))], [version], file);
    }
  });

  it('touches every place, closes the part Unreleased, and keeps what was measured', () => {
    const written = bump(copy, '1.2.3', '2030-01-02');
    const history = 'benchmark/history/1.2.3.json';
    assert.deepEqual(written.toSorted(), [...stated, 'CHANGELOG.md', history].toSorted());
    const results = JSON.parse(fs.readFileSync(path.join(ROOT, 'benchmark/results.json')));
    const release = JSON.parse(fs.readFileSync(path.join(copy, history)));
    assert.deepEqual([release.version, release.date], ['1.2.3', '2030-01-02']);
    assert.deepEqual(Object.keys(release.cases), Object.keys(results.cases));
    const [group] = results.cases.files.groups;
    const [kept] = release.cases.files.groups;
    assert.equal(kept.sides.cp, group.sides.cp.median);
    for (const file of stated) {
      assert.deepEqual([...new Set(versionsIn(path.join(copy, file)))], ['1.2.3'], file);
    }
    const changelog = fs.readFileSync(path.join(copy, 'CHANGELOG.md'), 'utf8');
    assert.match(changelog, /^## \[Unreleased\]\n\n## \[1\.2\.3\] - 2030-01-02\n\n### /m);
  });

  it('refuses what is no version, and a version that was there', () => {
    assert.throws(() => bump(copy, 'v1.2', '2030-01-02'), /no version/);
    assert.throws(() => bump(copy, '1.2.3', '2030-01-02'), /already/);
  });
});

function versionsIn(file) {
  const text = fs.readFileSync(file, 'utf8');
  return OWN.flatMap((pattern) => [...text.matchAll(pattern)].map(([, found]) => found));
}
