'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const BENCHMARK = path.join(__dirname, '..', '..', 'benchmark');

describe('the documents with figures', () => {
  const missing = !fs.existsSync(path.join(BENCHMARK, 'node_modules'));
  if (missing && !process.env.CI) {
    it('show the results', { skip: 'benchmark/node_modules is missing: npm ci in benchmark' });
    return;
  }

  it('show the results', async () => {
    const { check, read } = load();
    await check(read());
  });

  it('would not show other results', async () => {
    const { check, read } = load();
    const results = read();
    results.environment.cores += 1;
    await assert.rejects(check(results), /docs\/benchmarks\.md does not show the results/);
  });
});

function load() {
  const { check } = require(path.join(BENCHMARK, 'report'));
  const { read } = require(path.join(BENCHMARK, 'lib', 'results'));
  return { check, read };
}
