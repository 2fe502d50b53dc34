'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { after, before, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope } = require('../..');
const { startDoctors } = require('../support/doctors');
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
  // This machine, and where the credentials of instances, containers and pods are.
  ['', '127.0.0.1:9', true],
  ['', 'localhost:9', true],
  ['', 'kms.localhost:9', true],
  ['', '[::1]:9', true],
  ['', '169.254.169.254', true],
  ['', '169.254.170.2', true],
  ['', '169.254.170.23', true],
  ['', '[fd00:ec2::254]', true],
  ['', '[fd00:ec2::23]', true],
  ['', '[fe80::1]', true],
];

describe('NO_PROXY', { concurrency: LISTS.length }, () => {
  const folder = temporaryFolder();
  const proxies = [];
  let doctors;
  let kms;
  before(async () => {
    doctors = startDoctors();
    kms = await startFakeKms(() => ({ body: GENERATED }));
  });
  after(() => {
    doctors?.stop();
    for (const proxy of proxies) {
      proxy.closeAllConnections();
      proxy.close();
    }
    return kms?.stop();
  });

  // Much of a row is waiting, so all wait together.
  for (const [list, host, direct] of LISTS) {
    const path = direct ? 'is reached without the proxy' : 'is reached through the proxy';
    it(`"${list}": ${host} ${path}, by the library and by doctor`, async () => {
      const { asked, address } = await startProxy();
      const env = {
        PATH: process.env.PATH,
        HOME: folder,
        AWS_ACCESS_KEY_ID: 'AKIDTEST',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_ENDPOINT_URL_KMS: `http://${host}`,
        AWS_MAX_ATTEMPTS: '1',
        HTTP_PROXY: address,
        NO_PROXY: list,
      };
      // Whoever answers there, if anybody does, is not KMS.
      assert.equal((await encrypt(env, direct)) === 'works', !direct);
      assert.deepEqual(asked.splice(0), direct ? [] : [host]);
      const { checks } = await doctors.examine(ARN, env);
      const { status } = checks.find(({ name }) => name === 'encrypt');
      assert.equal(status, direct ? 'failed' : 'ok');
      assert.deepEqual([...new Set(asked)], direct ? [] : [host]);
    });
  }

  /** A proxy that leads everybody to KMS, and keeps which hosts it was asked for. */
  async function startProxy() {
    const asked = [];
    const proxy = http.createServer((request, response) => {
      asked.push(new URL(request.url).host);
      const { method, headers } = request;
      const onward = http.request(kms.endpoint, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    proxies.push(proxy);
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    return { asked, address: `http://127.0.0.1:${proxy.address().port}` };
  }
});

/** How a call with this environment ends; the variables are read when the keyring is made. */
async function encrypt(env, direct) {
  const original = process.env;
  process.env = env;
  const timeouts = { connectTimeoutMs: 100, attemptTimeoutMs: direct ? 100 : 5000 };
  const keyring = new AwsKmsKeyring({ keyId: ARN, ...timeouts });
  process.env = original;
  return new Envelope({ keyring }).encrypt('x').then(
    () => 'works',
    ({ code }) => code,
  );
}
