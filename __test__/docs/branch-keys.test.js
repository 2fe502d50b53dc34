'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { pathWithCommand } = require('../support/cli');
const { environmentOf } = require('../support/key-stores');
const { linkedProject } = require('../support/project');
const { codeBlocks } = require('../support/readme');
const { skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

const REGION = 'eu-west-1';
const ARN = /arn:aws:kms:eu-west-1:111122223333:key\/[0-9a-f-]{36}/;
/** What the programs print that use the store, which is the first block, in their order. */
const EXPECTED = {
  'creating and using a branch key': /^at once\n$/,
  'a branch key for each tenant': /^for blue\n$/,
  'a rotation': /^2 versions\n$/,
  'reading what a KMS key wrapped': /^old\nnew\n$/,
};

describe('the examples of docs/branch-keys.md', { skip: skipWithout('python') }, () => {
  const folder = linkedProject();
  const [store, ...programs] = codeBlocks('docs/branch-keys.md', 'js');
  const run = promisify(execFile);
  const moto = temporaryMoto();
  let options;

  before(async () => {
    const { arn, keyId } = await moto.createKey({ region: REGION });
    await moto.createAlias('alias/app', keyId, { region: REGION });
    assert.match(store, ARN);
    fs.writeFileSync(path.join(folder, 'store.mjs'), store.replace(ARN, arn));
    const own = { AWS_REGION: REGION, KMS_KEY_ARN: arn };
    const PATH = pathWithCommand(folder);
    const env = { ...process.env, ...environmentOf(moto.endpoint), ...own, PATH };
    options = { cwd: folder, env, timeout: 60_000 };
  });

  it('are all tried', () => assert.equal(programs.length, Object.keys(EXPECTED).length));

  for (const [i, [name, output]] of Object.entries(EXPECTED).entries()) {
    it(`${name} runs as it stands`, async () => {
      fs.writeFileSync(path.join(folder, `${i}.mjs`), programs[i]);
      assert.match((await run(process.execPath, [`${i}.mjs`], options)).stdout, output);
    });
  }

  it('the command line runs as it stands', { skip: process.platform === 'win32' }, async () => {
    const lines = codeBlocks('docs/branch-keys.md', 'sh').join('');
    const { stdout } = await run('sh', ['-euc', lines], options);
    assert.match(stdout, /^tenant-blue\ntenant-green\n/m);
    assert.match(stdout, /^ok +decrypt +works$/m);
    assert.match(stdout, /^destroyed 2 versions of tenant-green;/m);
  });
});
