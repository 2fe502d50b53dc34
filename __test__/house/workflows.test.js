'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const WORKFLOWS = path.join(__dirname, '..', '..', '.github', 'workflows');

describe('the workflows', () => {
  for (const name of fs.readdirSync(WORKFLOWS)) {
    const text = fs.readFileSync(path.join(WORKFLOWS, name), 'utf8');

    it(`${name} names the commit of each action that it uses, and its version`, () => {
      const used = [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, action]) => action);
      const others = used.filter((action) => !action.startsWith('./'));
      for (const action of others) assert.match(action, /^[\w./-]+@[0-9a-f]{40} # \S+$/);
    });

    it(`${name} has no permission by default but to read`, () => {
      const [, permissions] = /^permissions:\n((?: {2}.*\n)+)/m.exec(text);
      assert.equal(permissions, '  contents: read\n');
    });
  }
});
