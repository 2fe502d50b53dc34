'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const ROOT = path.join(__dirname, '..', '..');
const PAGE = fs.readFileSync(path.join(ROOT, 'docs', 'troubleshooting.md'), 'utf8');

/** The words of all errors: no comments, and the lines of a text joined. */
const texts = ['src', 'lib']
  .flatMap((folder) =>
    fs.readdirSync(path.join(ROOT, folder), { recursive: true }).map((name) => [folder, name]),
  )
  .filter(([, name]) => /\.(rs|js)$/.test(name))
  .map((parts) => fs.readFileSync(path.join(ROOT, ...parts), 'utf8'))
  .join('\n')
  .replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')
  .replace(/\\\n\s*/g, '');

describe('docs/troubleshooting.md', () => {
  const rows = [...PAGE.matchAll(/^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$/gm)];

  it('has a cause and a cure for each symptom', () => {
    const all = PAGE.match(/^\| `/gm) ?? [];
    assert.equal(rows.length, all.length);
    assert.ok(rows.length > 20);
  });

  for (const [, symptom] of rows) {
    it(`quotes an error of today: ${symptom}`, () => {
      assert.ok(texts.includes(symptom), `no error says "${symptom}"`);
    });
  }
});
