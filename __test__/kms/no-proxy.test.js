'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { after, afterEach, before, beforeEach, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope } = require('../..');
const { jsonLines, run } = require('../support/cli');
const { startFakeKms } = require('../support/fake-kms');
const { temporaryFolder } = require('../support/files');

const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const DATA_KEY = Buffer.alloc(32, 1).toString('base64');
const GENERATED = { CiphertextBlob: 'AAAA', KeyId: ARN, Plaintext: DATA_KEY };
/** Hosts that only the proxy can reach: a name that is never known, and addresses for documentation. */
const [NAME, ADDRESS, ADDRESS_6] = ['kms.elsewhere.invalid', '198.51.100.7', '[2001:db8::7]'];

/** NO_PROXY, the host and port that are asked, and whether that goes past the proxy. */
const LISTS = [
  ['*', NAME, true],
  [NAME, NAME, true],
  ['KMS.Elsewhere.INVALID', NAME, true],
  ['elsewhere.invalid', NAME, true],
  ['.elsewhere.invalid', NAME, true],
  ['*.elsewhere.invalid', NAME, true],
  [`other.example, ${NAME}`, NAME, true],
  [`other.example ${NAME}`, NAME, true],
  ['where.invalid', NAME, false],
  ['other.example', NAME, false],
  ['', NAME, false],
  [',, ,', NAME, false],
  [`${NAME}:80`, NAME, true],
  [`${NAME}:8080`, NAME, false],
  [`${NAME}:8080`, `${NAME}:8080`, true],
  ['elsewhere.invalid:80', NAME, true],
  [ADDRESS, ADDRESS, true],
  ['198.51.100.70', ADDRESS, false],
  [`${ADDRESS}:80`, ADDRESS, true],
  [`${ADDRESS}:443`, ADDRESS, false],
  ['198.51.100.0/24', ADDRESS, true],
  ['198.51.0.0/16', ADDRESS, true],
  ['198.51.100.0/30', ADDRESS, false],
  ['0.0.0.0/0', ADDRESS, true],
  ['203.0.113.0/24', ADDRESS, false],
  ['198.51.100.0/33', ADDRESS, false],
  ['198.51.100.0/x', ADDRESS, false],
  ['2001:db8::7', ADDRESS_6, true],
  ['[2001:db8::7]:80', ADDRESS_6, true],
  ['2001:db8::/32', ADDRESS_6, true],
  ['2001:db9::/32', ADDRESS_6, false],
];

describe('NO_PROXY', () => {
  const original = process.env;
  const folder = temporaryFolder();
  const asked = [];
  let kms;
  let proxy;
  before(async () => {
    kms = await startFakeKms(() => ({ body: GENERATED }));
    proxy = http.createServer((request, response) => {
      asked.push(new URL(request.url).host);
      const { method, headers } = request;
      const onward = http.request(kms.endpoint, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => (asked.length = 0));
  afterEach(() => (process.env = original));
  after(() => {
    proxy.closeAllConnections();
    proxy.close();
    return kms?.stop();
  });

  const environment = (list) => ({
    PATH: original.PATH,
    HOME: folder,
    AWS_ACCESS_KEY_ID: 'AKIDTEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    HTTP_PROXY: `http://127.0.0.1:${proxy.address().port}`,
    NO_PROXY: list,
  });

  for (const [list, host, direct] of LISTS) {
    const path = direct ? 'is reached without the proxy' : 'is reached through the proxy';
    it(`"${list}": ${host} ${path}`, async () => {
      process.env = environment(list);
      const keyring = new AwsKmsKeyring({
        keyId: ARN,
        endpoint: `http://${host}`,
        maxAttempts: 1,
        connectTimeoutMs: 100,
        attemptTimeoutMs: direct ? 100 : 5000,
      });
      const outcome = new Envelope({ keyring }).encrypt('x').then(
        () => 'works',
        ({ code }) => code,
      );
      // Whoever answers there, if anybody does, is not KMS.
      assert.equal((await outcome) === 'works', !direct);
      assert.deepEqual(asked, direct ? [] : [host]);
    });
  }

  it('doctor takes the same way', async () => {
    for (const [list, ways] of [
      ['203.0.113.0/24', [ADDRESS]],
      ['198.51.100.0/24', []],
    ]) {
      asked.length = 0;
      const env = { ...environment(list), AWS_ENDPOINT_URL_KMS: `http://${ADDRESS}` };
      const { stdout } = await run(['doctor', '--json', '--key', ARN], { cwd: folder, env });
      const [{ checks }] = jsonLines(stdout);
      const { status } = checks.find(({ name }) => name === 'encrypt');
      assert.equal(status, ways.length === 0 ? 'failed' : 'ok');
      assert.deepEqual([...new Set(asked)], ways);
    }
  });
});
