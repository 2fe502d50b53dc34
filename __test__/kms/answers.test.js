'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope } = require('../..');
const { jsonLines, run } = require('../support/cli');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { rejection, thrown } = require('../support/rejects');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const arn = (id, region = 'eu-west-1') => `arn:aws:kms:${region}:111122223333:key/${id}`;

describe('what KMS may answer to KMS keyrings (injected)', () => {
  let fake;
  let answer;
  const keyring = (options) =>
    new AwsKmsKeyring({ endpoint: fake.endpoint, maxAttempts: 1, ...options });
  const envelope = (options) => new Envelope({ keyring: keyring(options) });
  const [first, second] = [arn('1111'), arn('2222', 'us-east-1')];
  const Plaintext = Buffer.alloc(32, 1).toString('base64');
  const CiphertextBlob = Buffer.alloc(100, 2).toString('base64');
  const agree = (_, { KeyId }) => ({ body: { KeyId, Plaintext, CiphertextBlob } });
  const strict = (options) => envelope({ keyId: first, additionalKeyIds: [second], ...options });

  before(async () => (fake = await startFakeKms((...call) => answer(...call))));
  after(() => fake.stop());

  it('gives Encrypt the data key that GenerateDataKey made, and every call the grant tokens', async () => {
    const asked = [];
    answer = (operation, body) => {
      asked.push([operation, body.KeyId, body.Plaintext, body.GrantTokens]);
      return agree(operation, body);
    };
    const grantTokens = ['one', 'two'];
    await strict({ grantTokens }).decrypt(await strict({ grantTokens }).encrypt('x'));
    assert.deepEqual(asked, [
      ['GenerateDataKey', first, undefined, grantTokens],
      ['Encrypt', second, Plaintext, grantTokens],
      ['Decrypt', first, undefined, grantTokens],
    ]);
  });

  for (const [what, KeyId] of Object.entries({
    'no key': undefined,
    'an alias': first.replace('key/1111', 'alias/app'),
    'another key': arn('3333'),
  })) {
    it(`${what} named in the answer to Encrypt: KMS_INTERNAL, and nothing is used`, async () => {
      answer = (operation, body) =>
        operation === 'Encrypt' ? agree(operation, { KeyId }) : agree(operation, body);
      const error = await rejection(strict().encrypt('x'), 'KMS_INTERNAL');
      assert.ok(error.message.includes('Encrypt') && error.message.includes(second));
    });
  }

  it('no wrapped data key in the answer to Encrypt: KMS_INTERNAL', async () => {
    for (const none of [undefined, '']) {
      answer = (operation, { KeyId }) => {
        const { body } = agree(operation, { KeyId });
        return { body: operation === 'Encrypt' ? { ...body, CiphertextBlob: none } : body };
      };
      await rejection(strict().encrypt('x'), 'KMS_INTERNAL');
    }
  });

  it('another key in the answer to GenerateDataKey: KMS_INTERNAL', async () => {
    answer = (operation) => agree(operation, { KeyId: arn('3333') });
    await rejection(envelope({ keyId: first }).encrypt('x'), 'KMS_INTERNAL');
    await rejection(envelope({ keyId: first }).generateDataKey(), 'KMS_INTERNAL');
    await rejection(envelope({ keyId: first }).decryptDataKey('x'), 'KMS_INTERNAL');
  });

  it('another key, or a data key of another length, when discovering: KMS_INTERNAL', async () => {
    answer = agree;
    const message = await envelope({ keyId: first }).encrypt('x');
    const any = envelope({ discovery: true });
    assert.equal(String(await any.decrypt(message)), 'x');
    answer = (operation) => agree(operation, { KeyId: second });
    await rejection(any.decrypt(message), 'KMS_INTERNAL');
    answer = (_, { KeyId }) => ({ body: { KeyId, Plaintext: Plaintext.slice(0, 20) } });
    await rejection(any.decrypt(message), 'KMS_INTERNAL');
  });

  it('says which permission is missing', async () => {
    for (const operation of ['GenerateDataKey', 'Encrypt']) {
      answer = (asked, body) =>
        asked === operation ? refusal('AccessDeniedException') : agree(asked, body);
      const { message } = await rejection(strict().encrypt('x'), 'KMS_ACCESS_DENIED');
      assert.match(message, new RegExp(`allow kms:${operation} `));
    }
  });

  it('an AbortSignal ends the call in flight, whichever key it is for', async () => {
    const controller = new AbortController();
    const asked = [];
    answer = (operation, body) => {
      asked.push(operation);
      if (operation === 'GenerateDataKey') return agree(operation, body);
      controller.abort();
      return { never: true };
    };
    const keys = strict({ additionalKeyIds: [second, arn('3333')] });
    await rejection(keys.encrypt('x', { signal: controller.signal }), 'ABORTED');
    assert.deepEqual(asked, ['GenerateDataKey', 'Encrypt']);
  });

  it('is worth another attempt if one key may answer later', async () => {
    answer = agree;
    const message = await strict().encrypt('x');
    answer = (_, { KeyId }) =>
      refusal(KeyId === first ? 'DisabledException' : 'ThrottlingException');
    const error = await rejection(strict().decrypt(message), 'NO_USABLE_KEY');
    const codes = error.errors.map(({ code }) => code.replace('ERR_ENVELOPE_', ''));
    assert.deepEqual(codes, ['KMS_KEY_DISABLED', 'KMS_THROTTLED']);
    assert.equal(error.retryable, true);
  });

  it('made-up Regions in a message, as many as one likes, are asked and forgotten', async () => {
    answer = agree;
    const names = Array.from({ length: 100 }, (_, i) => arn('1111', `made-up-${i}`));
    const [keyId, ...additionalKeyIds] = names;
    const message = await envelope({ keyId, additionalKeyIds }).encrypt('x');
    const asked = new Set();
    answer = (operation, body, _, region) => {
      asked.add(region);
      return refusal('NotFoundException');
    };
    const any = envelope({ discovery: true });
    const error = await rejection(any.decrypt(message), 'NO_USABLE_KEY');
    assert.deepEqual([error.errors.length, asked.size], [10, 100]);
    assert.match(error.message, /100 data keys/);
    answer = agree;
    assert.equal(String(await any.decrypt(message)), 'x');
  });
});

describe('what KMS, and what stands before it, may refuse with (injected)', () => {
  let fake;
  let answer;
  before(async () => (fake = await startFakeKms((...call) => answer(...call))));
  after(() => fake.stop());
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
      const told = await run(['doctor', '--json', '--key', arn('1111')], {
        env: {
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_ENDPOINT_URL_KMS: fake.endpoint,
        },
      });
      const [{ checks }] = jsonLines(told.stdout);
      const check = checks.find(({ name }) => name === 'encrypt');
      assert.deepEqual([told.code, check.code], [4, `ERR_ENVELOPE_${code}`]);
    });
  }
});

describe('options of AwsKmsKeyring that make no sense together', () => {
  const keyId = arn('1234abcd-12ab-34cd-56ef-1234567890ab');
  const mrk = arn('mrk-1234');
  const accounts = (...accountIds) => ({ partition: 'aws', accountIds });

  for (const [what, options, expected] of [
    ['nothing', {}, /keyId, or discovery/],
    ['discovery of a named key', { keyId, discovery: true }, /keyId and discovery exclude/],
    [
      'discovery of more keys',
      { additionalKeyIds: [keyId], discovery: true },
      /additionalKeyIds and/,
    ],
    ['additional keys alone', { additionalKeyIds: [keyId] }, /give a keyId/],
    ['additional keys that are no list', { keyId, additionalKeyIds: keyId }, /an array/],
    [
      'additional keys that are no strings',
      { keyId, additionalKeyIds: [5] },
      /additionalKeyIds\[0\]/,
    ],
    ['an additional key that is none', { keyId, additionalKeyIds: ['a b'] }, /"a b"/],
    [
      'a key that stands twice',
      { keyId, additionalKeyIds: ['alias/a', keyId] },
      /stand for one key/,
    ],
    [
      'a filter without discovery',
      { keyId, accountIds: ['111122223333'] },
      /no option "accountIds"/,
    ],
    ['discovery: false', { discovery: false }, /discovery must be true/],
    ['discovery: null', { discovery: null }, /discovery must be true/],
    ['a filter without accounts', { discovery: { partition: 'aws' } }, /no account/],
    ['a filter with an empty list', { discovery: accounts() }, /no account/],
    ['a filter without a partition', { discovery: { accountIds: ['111122223333'] } }, /partition/],
    [
      'a partition that is no name',
      { discovery: { ...accounts('111122223333'), partition: 'a:b' } },
      /partition/,
    ],
    ['an account id that is a number', { discovery: accounts(111122223333) }, /accountIds\[0\]/],
    [
      'an account id that is short',
      { discovery: accounts('11112222333') },
      /"11112222333".*12 digits/,
    ],
    ['an account id with letters', { discovery: accounts('11112222333x') }, /12 digits/],
    ['a filter with more', { discovery: { ...accounts('111122223333'), region: 'x' } }, /"region"/],
    ['multiRegion that is no boolean', { keyId, multiRegion: 'yes' }, /multiRegion/],
    [
      'a Region that no key is in',
      { keyId, additionalKeyIds: [mrk], region: 'us-east-1' },
      /"us-east-1"/,
    ],
  ]) {
    it(`refuses ${what}`, () => {
      const error = thrown(() => new AwsKmsKeyring(options), 'INVALID_ARGUMENT');
      assert.match(error.message, expected);
    });
  }

  it('names all related multi-Region keys that stand together', () => {
    const related = [mrk, arn('mrk-1234', 'us-east-1'), 'mrk-1234'];
    const additionalKeyIds = [...related.slice(1), keyId, 'alias/mrk-1234'];
    const options = { keyId: mrk, additionalKeyIds, multiRegion: true };
    const { message } = thrown(() => new AwsKmsKeyring(options), 'INVALID_ARGUMENT');
    for (const name of related) assert.ok(message.includes(`"${name}"`), message);
    assert.ok(!message.includes(keyId) && !message.includes('alias'));
    assert.ok(new AwsKmsKeyring({ ...options, multiRegion: false }), 'each is a key of its own');
  });
});
