'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { linkedProject } = require('../support/project');
const { codeBlocks } = require('../support/readme');
const { skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

const EXPECTED = {
  'a check at the start': { output: /^\d{3}\n$/, calls: ['DescribeKey', 'GenerateDataKey'] },
  'a batch': { output: /^(fulfilled \d{3}\n){3}$/, calls: ['GenerateDataKey'] },
  'outputs of a pool': { output: /^true\ntrue\n$/, calls: ['GenerateDataKey', 'GenerateDataKey'] },
  'what KMS offers': {
    output: /^a token\n$/,
    calls: ['Encrypt', 'Decrypt', 'GenerateDataKeyWithoutPlaintext', 'Decrypt'],
  },
  'the tracing channel': {
    output: /^GenerateDataKey alias\/app eu-west-1 ok\n$/,
    calls: ['GenerateDataKey'],
  },
  'a keyring of one’s own': { output: /^hello\n$/, calls: [] },
};

describe('the examples of docs/production.md', { skip: skipWithout('python') }, () => {
  const folder = linkedProject();
  const programs = codeBlocks('docs/production.md', 'js');
  const region = 'eu-west-1';
  const moto = temporaryMoto();

  before(async () => {
    const kind = { KeyUsage: 'ENCRYPT_DECRYPT', KeySpec: 'SYMMETRIC_DEFAULT' };
    const { KeyMetadata } = await moto.kms('CreateKey', kind, { region });
    await moto.createAlias('alias/app', KeyMetadata.KeyId, { region });
  });

  it('are all tried', () => assert.equal(programs.length, Object.keys(EXPECTED).length));

  for (const [i, [name, { output, calls }]] of Object.entries(EXPECTED).entries()) {
    it(`${name} runs as it stands`, async () => {
      fs.writeFileSync(path.join(folder, `${i}.mjs`), programs[i]);
      await moto.clearRequests();
      const { stdout } = await promisify(execFile)(process.execPath, [`${i}.mjs`], {
        cwd: folder,
        env: {
          ...process.env,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_REGION: region,
          AWS_ENDPOINT_URL_KMS: moto.endpoint,
        },
        timeout: 60_000,
      });
      assert.match(stdout, output);
      const asked = await moto.operations();
      assert.deepEqual(asked, calls);
    });
  }
});
