'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const api = require('../..');
const { DEFAULT_REGION } = require('../support/moto');
const { linkedProject } = require('../support/project');
const { codeBlocks } = require('../support/readme');
const { PEERS, skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

const PAGE = 'docs/migrating-from-client-node.md';
const ROOT = path.join(__dirname, '..', '..');

describe(PAGE, { skip: skipWithout('python', 'peers') }, () => {
  const folder = linkedProject({ '@aws-crypto': path.join(PEERS, 'node_modules', '@aws-crypto') });
  const moto = temporaryMoto();
  let env;

  before(async () => {
    const { arn } = await moto.createKey();
    env = {
      ...process.env,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: DEFAULT_REGION,
      AWS_ENDPOINT_URL_KMS: moto.endpoint,
      KMS_KEY_ARN: arn,
    };
  });

  it('has programs that exchange messages as they stand', async () => {
    const outputs = {};
    for (const code of codeBlocks(PAGE, 'js')) {
      const [, name] = /^\/\/ (\S+)\n/.exec(code);
      fs.writeFileSync(path.join(folder, name), code);
      const run = await promisify(execFile)(process.execPath, [name], { cwd: folder, env });
      outputs[name] = run.stdout;
    }
    assert.deepEqual(outputs, {
      'theirs.mjs': '',
      'ours.mjs': 'hello\n',
      'back.mjs': 'hello again\n',
    });
  });

  it('names classes and functions that both packages have', () => {
    const theirs = require(path.join(PEERS, 'node_modules', '@aws-crypto', 'client-node'));
    const client = theirs.buildClient();
    assert.ok(rows().length > 5);
    for (const [left, right] of rows()) {
      for (const name of named(left)) {
        assert.ok(name in theirs || name in client, `client-node has ${name}`);
      }
      for (const name of named(right.replaceAll('envelope.', 'envelope '))) {
        assert.ok(name in api || name in api.Envelope.prototype, `kms-envelope has ${name}`);
      }
    }
  });
});

/** The rows of the table of calls. */
function rows() {
  const text = fs.readFileSync(path.join(ROOT, PAGE), 'utf8');
  const table = text.split('| --- | --- |\n')[1].split('\n\n')[0];
  return table.split('\n').map((row) => row.split('|').slice(1, 3));
}

/** What a cell calls or constructs: the names before a parenthesis in its code. */
function named(cell) {
  const code = [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text).join(' ');
  return [...code.matchAll(/(\w+)\(/g)].map(([, name]) => name);
}
