'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { describe, it } = require('node:test');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');

const PACKAGE = JSON.stringify(path.join(__dirname, '..', '..'));

/** A program whose function `credentials` never answers. */
const program = (code) => `
  const { AwsKmsKeyring, Envelope } = require(${PACKAGE});
  const keyId = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  let asked;
  const isAsked = new Promise((resolve) => (asked = resolve));
  const credentials = () => {
    asked();
    return new Promise(() => {});
  };
  const envelope = (options = {}) =>
    new Envelope({ keyring: new AwsKmsKeyring({ keyId, credentials, ...options }) });
  ${code}`;

describe('a function that gives credentials', () => {
  it('does not keep a process running: unused, given up, or asked in vain', async () => {
    const unused = 'envelope(); console.log("done");';
    const givenUp = `
      const controller = new AbortController();
      isAsked.then(() => controller.abort());
      envelope().encrypt('x', { signal: controller.signal }).catch(({ code }) => console.log(code));`;
    const inVain = `
      envelope({ credentialsTimeoutMs: 50 }).encrypt('x').catch(({ code }) => console.log(code));`;
    for (const [code, output] of [
      [unused, 'done'],
      [givenUp, 'ERR_ENVELOPE_ABORTED'],
      [inVain, 'ERR_ENVELOPE_KMS_NO_CREDENTIALS'],
    ]) {
      // What hangs is killed, and fails.
      const options = { timeout: 60_000 };
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['-e', program(code)],
        options,
      );
      assert.equal(stdout, `${output}\n`);
    }
  });

  it('may be waited for by a worker that is terminated, again and again', async () => {
    const code = program(`
      const { parentPort } = require('node:worker_threads');
      isAsked.then(() => parentPort.postMessage('asked'));
      envelope().encrypt('x').catch(() => {});`);
    for (let i = 0; i < 5; i++) {
      const worker = new Worker(code, { eval: true });
      assert.deepEqual(await once(worker, 'message'), ['asked']);
      assert.equal(await worker.terminate(), 1);
    }
  });

  it('may belong to a worker that ends by itself while it is asked', async () => {
    const code = program(`
      envelope().encrypt('x').catch(() => {});
      isAsked.then(() => process.exit(0));`);
    const [exit] = await once(new Worker(code, { eval: true }), 'exit');
    assert.equal(exit, 0);
  });
});
