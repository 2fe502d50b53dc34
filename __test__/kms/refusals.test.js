'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope } = require('../..');
const { startDoctors } = require('../support/doctors');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { rejection } = require('../support/rejects');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const arn = (id, region = 'eu-west-1') => `arn:aws:kms:${region}:111122223333:key/${id}`;

describe('what KMS, and what stands before it, may refuse with (injected)', () => {
  let fake;
  let answer;
  let doctors;
  before(async () => {
    doctors = startDoctors();
    fake = await startFakeKms((...call) => answer(...call));
  });
  after(() => {
    doctors?.stop();
    return fake?.stop();
  });
  const html = (status) => ({ status, body: '<html><body>Go away</body></html>' });

  for (const [what, given, code, retryable, text] of [
    [
      'a nameless 403',
      { status: 403, body: {} },
      'KMS_REJECTED',
      false,
      /status 403 is not KMS.*HTTPS_PROXY/,
    ],
    ['a 403 page', html(403), 'KMS_REJECTED', false, /status 403 is not KMS/],
    ['a 404 page', html(404), 'KMS_REJECTED', false, /status 404 is not KMS.*endpoint/],
    ['a page that says all is well', html(200), 'KMS_REJECTED', false, /status 200 is not KMS/],
    [
      'a nameless 407',
      { status: 407, body: '' },
      'CONFIGURATION',
      false,
      /the proxy asks for a user/,
    ],
    ['a 407 page', html(407), 'CONFIGURATION', false, /USER:PASSWORD/],
    ['a nameless 413', { status: 413, body: '' }, 'KMS_REJECTED', false, /too large/],
    ['a 413 page', html(413), 'KMS_REJECTED', false, /shorter encryption context/],
    ['a nameless 408', { status: 408, body: '' }, 'KMS_TIMEOUT', true, /no answer in time/],
    ['a 429 page', html(429), 'KMS_THROTTLED', true, /slow down/],
    ['a 502 page', html(502), 'KMS_INTERNAL', true, /status 502 names no error of KMS/],
    ['a 503 page', html(503), 'KMS_INTERNAL', true, /a load balancer/],
    ['LimitExceededException', refusal('LimitExceededException'), 'KMS_THROTTLED', true, /quota/],
    ['RequestThrottled', refusal('RequestThrottled'), 'KMS_THROTTLED', true, /slow down/],
    [
      'a disconnected key store',
      refusal('CustomKeyStoreInvalidStateException'),
      'KMS_KEY_STATE',
      false,
      /connect-custom-key-store/,
    ],
    [
      'a key store without its proxy',
      refusal('XksProxyUriUnreachableException'),
      'KMS_KEY_STATE',
      false,
      /custom key store/,
    ],
    [
      'an inactive cluster',
      refusal('CloudHsmClusterNotActiveException'),
      'KMS_KEY_STATE',
      false,
      /custom key store/,
    ],
    [
      'KMSInvalidStateException',
      refusal('KMSInvalidStateException'),
      'KMS_KEY_STATE',
      false,
      /key store/,
    ],
    [
      'KeyUnavailableException',
      refusal('KeyUnavailableException', 500),
      'KMS_INTERNAL',
      true,
      /try again/,
    ],
    ['ServiceUnavailable', refusal('ServiceUnavailable', 400), 'KMS_INTERNAL', true, /try again/],
    [
      'OptInRequired',
      refusal('OptInRequired', 403),
      'KMS_ACCESS_DENIED',
      false,
      /access is denied/,
    ],
    [
      'InvalidGrantTokenException',
      refusal('InvalidGrantTokenException'),
      'KMS_REJECTED',
      false,
      /InvalidGrantTokenException/,
    ],
  ]) {
    it(`${what}: ${code}, ${retryable ? '' : 'not '}retryable, by the library and by doctor`, async () => {
      answer = () => given;
      const keyring = new AwsKmsKeyring({
        keyId: arn('1111'),
        endpoint: fake.endpoint,
        maxAttempts: 1,
      });
      const error = await rejection(new Envelope({ keyring }).encrypt('x'), code);
      assert.match(error.message, text);
      assert.doesNotMatch(error.message, /Go away/);
      assert.equal(error.retryable, retryable);
      const told = await doctors.examine(arn('1111'), {
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL_KMS: fake.endpoint,
        AWS_MAX_ATTEMPTS: '1',
      });
      const check = told.checks.find(({ name }) => name === 'encrypt');
      assert.deepEqual([told.code, check.code], [4, `ERR_ENVELOPE_${code}`]);
      assert.match(check.detail, text);
    });
  }
});
