'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { cratesIn } = require('../../scripts/crates');

const ROOT = path.join(__dirname, '..', '..');
const DENY = fs.readFileSync(path.join(ROOT, 'deny.toml'), 'utf8');
const ALLOWED = strings(/^allow = \[([^]*?)\]/m.exec(DENY)[1]);
const BANNED = [...DENY.matchAll(/\{ crate = "([^"]+)"/g)].map(([, name]) => name);

/** What `cargo deny` asks of licences, bans and sources, for what is in the binaries. */
describe('the crates in the binary', () => {
  for (const platform of ['linux-x64-gnu', 'darwin-arm64', 'win32-x64-msvc']) {
    const crates = cratesIn(platform);

    it(`of ${platform} have licences that deny.toml allows`, () => {
      const refused = crates.filter(({ license }) => !isAllowed(license));
      assert.deepEqual(
        refused.map(({ name, license }) => `${name}: ${license}`),
        [],
      );
    });

    it(`of ${platform} come from crates.io, are in Cargo.lock with a hash, and none is banned`, () => {
      for (const { name, source, checksum } of crates) {
        assert.match(source, /^registry\+.*crates\.io/, name);
        assert.match(checksum, /^[0-9a-f]{64}$/, name);
        assert.ok(!BANNED.includes(name), `${name} is banned`);
      }
    });
  }

  it('would be refused under another licence', () => {
    assert.ok(ALLOWED.includes('Apache-2.0') && BANNED.includes('openssl'));
    assert.ok(isAllowed('GPL-3.0 OR (MIT AND ISC)'));
    assert.ok(isAllowed('Apache-2.0/MIT'));
    assert.ok(!isAllowed('GPL-3.0'));
    assert.ok(!isAllowed('MIT AND GPL-3.0'));
    assert.ok(!isAllowed('(MIT OR ISC) AND GPL-3.0'));
  });
});

describe('the lock files of Rust', () => {
  for (const manifest of ['Cargo.toml', 'fuzz/Cargo.toml']) {
    it(`fit ${manifest}: cargo need not change them`, () => {
      const args = ['metadata', '--locked', '--format-version=1', `--manifest-path=${manifest}`];
      const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 };
      const { status, stderr } = spawnSync('cargo', args, options);
      assert.equal(status, 0, stderr);
    });
  }
});

/** Whether an SPDX expression can be met with licences that are allowed. */
function isAllowed(expression) {
  const tokens = expression
    .replaceAll('/', ' OR ')
    .replace(/([\w.+-]+) WITH ([\w.-]+)/g, '$1_WITH_$2')
    .match(/[()]|[\w.+-]+/g);
  const either = () => {
    let met = both();
    while (tokens[0] === 'OR') met = tokens.shift() && (both() || met);
    return met;
  };
  const both = () => {
    let met = one();
    while (tokens[0] === 'AND') met = tokens.shift() && one() && met;
    return met;
  };
  const one = () => {
    const token = tokens.shift();
    if (token !== '(') return ALLOWED.includes(token);
    const met = either();
    tokens.shift();
    return met;
  };
  return either();
}

function strings(text) {
  return [...text.matchAll(/"([^"]+)"/g)].map(([, value]) => value);
}
