'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, describe, it } = require('node:test');

const { temporaryFolder } = require('../support/files');
const { linkedProject } = require('../support/project');

describe('a project folder of the tests', () => {
  const above = temporaryFolder();
  const { TMPDIR } = process.env;
  after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  });

  it('imports this package, also where a folder above claims its name', (t) => {
    if (process.platform === 'win32') return t.skip('TMPDIR is for POSIX systems');
    const claim = { name: 'kms-envelope', exports: './claim.js' };
    fs.writeFileSync(path.join(above, 'package.json'), JSON.stringify(claim));
    fs.writeFileSync(path.join(above, 'claim.js'), 'module.exports = { claimed: true };');
    process.env.TMPDIR = above;
    const project = linkedProject();
    assert.ok(project.startsWith(above));
    const text =
      "import * as api from 'kms-envelope'; console.log(typeof api.Envelope, api.claimed)";
    const tried = (folder) => {
      fs.writeFileSync(path.join(folder, 'program.mjs'), text);
      return String(execFileSync(process.execPath, [path.join(folder, 'program.mjs')]));
    };
    assert.equal(tried(project), 'function undefined\n');
    assert.equal(tried(above), 'undefined true\n', 'the claim is one');
  });
});
