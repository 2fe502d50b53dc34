'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { LAYERS } = require('../../scripts/check-layers');

const ROOT = path.join(__dirname, '..', '..');

describe('the page about the architecture', () => {
  it('shows each room of src/ in the row of its layer', () => {
    const picture = fs.readFileSync(path.join(ROOT, 'docs/pictures/architecture.svg'), 'utf8');
    const rows = rustRows(picture);
    const shown = LAYERS.map((rooms) =>
      rows.findIndex((names) => rooms.every((room) => names.includes(room))),
    );
    assert.ok(!shown.includes(-1), `not in one row: ${LAYERS[shown.indexOf(-1)]}`);
    assert.deepEqual(
      shown,
      [...shown].sort((a, b) => b - a),
      'a layer stands above its place',
    );
    assert.equal(new Set(shown).size, LAYERS.length, 'two layers share a row');
    const rooms = LAYERS.flat();
    const unknown = rows.flat().filter((name) => !rooms.includes(name));
    assert.deepEqual(unknown, [], 'the picture has rooms that are gone');
  });

  it('names only files and folders that there are', () => {
    const page = fs.readFileSync(path.join(ROOT, 'docs/architecture.md'), 'utf8');
    const paths = [...page.matchAll(/`((?:bin|integrations|lib|scripts|service|src)\/[^`]*)`/g)];
    const missing = paths.filter(([, name]) => !fs.existsSync(path.join(ROOT, name)));
    assert.ok(paths.length > 20);
    assert.deepEqual(
      missing.map(([, name]) => name),
      [],
    );
  });
});

/** Returns the names of rooms in each row of the picture's Rust part, from the top. */
function rustRows(picture) {
  const rust = picture.slice(picture.indexOf('Rust: src/'));
  const rows = new Map();
  for (const [, y, text] of rust.matchAll(/<text class="name" x="[\d.]+" y="(\d+)">([^<]*)</g)) {
    const names = text.split(', ').map((name) => name.replace(/\/$/, ''));
    // What is outside of the process has names of two words.
    if (names.every((name) => /^\w+$/.test(name))) rows.set(y, [...(rows.get(y) ?? []), ...names]);
  }
  return [...rows.entries()].sort(([a], [b]) => a - b).map(([, rooms]) => rooms);
}
