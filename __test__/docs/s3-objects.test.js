'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { linkedProject } = require('../support/project');
const { codeBlocks } = require('../support/readme');
const { skipWithout } = require('../support/requirements');
const { startBucket } = require('../support/s3-bucket');

const MODULES = path.join(__dirname, '..', '..', 'examples', 'node_modules');
const EXPECTED = {
  'a text': '3 boxes, 12.50\n',
  'a stream': '',
  'a part of an object': 'message 16\nstopped\nV3\nstopped\n',
  'a copy under a new key': 'text\n',
  'an object without S3': 'text\n',
};

describe('the programs of docs/s3.md', { skip: skipWithout('python', 'examples') }, () => {
  const folder = linkedProject({ '@aws-sdk': path.join(MODULES, '@aws-sdk') });
  const programs = codeBlocks('docs/s3.md', 'ts');
  const film = randomBytes(9 * 1024 * 1024);
  let bucket;

  before(async () => {
    bucket = await startBucket({ shared: false });
    const { moto, send } = bucket;
    for (const name of ['alias/app', 'alias/archive']) {
      await moto.createAlias(name, (await moto.createKey()).keyId);
    }
    await send('CreateBucket', { Bucket: 'documents' });
    fs.writeFileSync(path.join(folder, 'film.mp4'), film);
  });
  after(() => bucket?.stop());

  it('are all tried', () => assert.equal(programs.length, Object.keys(EXPECTED).length));

  for (const [i, [name, output]] of Object.entries(EXPECTED).entries()) {
    it(`${name}: runs as it stands`, async () => {
      fs.writeFileSync(path.join(folder, `${i}.mjs`), programs[i]);
      const { stdout } = await promisify(execFile)(process.execPath, [`${i}.mjs`], {
        cwd: folder,
        env: {
          ...process.env,
          AWS_REGION: 'us-east-1',
          AWS_ENDPOINT_URL: bucket.moto.endpoint,
          NODE_PATH: MODULES,
        },
        timeout: 60_000,
      });
      assert.equal(stdout, output);
    });
  }

  it('give back the film', () => {
    assert.ok(fs.readFileSync(path.join(folder, 'copy.mp4')).equals(film));
  });
});
