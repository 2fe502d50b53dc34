'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { DEPLOYMENTS, deploymentRows } = require('../support/deployments');

const PAGE = path.join(__dirname, '..', '..', 'docs', 'deploying.md');
const TABLE = /(?<=<!-- places -->\n)[^]*?(?=<!-- end of places -->)/;

describe('the page on deploying', () => {
  it('has the table of the places, with the versions that are tried', () => {
    const lines = ['| place | result | version | recipe |', '| --- | --- | --- | --- |'];
    const rows = [...lines, ...deploymentRows().map((row) => `| ${row.join(' | ')} |`)].join('\n');
    const table = `\n${rows}\n\n`;
    const page = fs.readFileSync(PAGE, 'utf8');
    if (process.env.UPDATE_TABLE)
      fs.writeFileSync(
        PAGE,
        page.replace(TABLE, () => table),
      );
    else assert.equal(TABLE.exec(page)?.[0], table, 'UPDATE_TABLE=1 writes it');
  });

  it('says that a place works only if a test tries it', () => {
    const files = fs.readdirSync(__dirname).filter((name) => name.endsWith('.test.js'));
    const code = files.map((name) => fs.readFileSync(path.join(__dirname, name), 'utf8')).join();
    const tried = [...code.matchAll(/\btested\((['"])(.*?)\1\)/g)].map(([, , place]) => place);
    const said = Object.keys(DEPLOYMENTS).filter((place) => !DEPLOYMENTS[place].untried);
    assert.deepEqual([...new Set(tried)].toSorted(), said.toSorted());
  });

  it('has a section for each recipe that the table names', () => {
    const page = fs.readFileSync(PAGE, 'utf8');
    const headings = [...page.matchAll(/^##+ (.*)$/gm)].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    for (const [, anchor] of page.matchAll(/\]\(#([\w-]+)\)/g)) {
      assert.ok(headings.includes(anchor), anchor);
    }
  });
});
