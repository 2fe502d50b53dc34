'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { after, afterEach, before, describe, it } = require('node:test');
const { Worker } = require('node:worker_threads');

const { AwsKmsKeyring, Envelope } = require('../..');
const { config, folder } = require('../support/configuration-files');
const { MISTAKES } = require('../support/configuration-mistakes');
const { startDoctors } = require('../support/doctors');
const { startFakeKms } = require('../support/fake-kms');

const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDTEST', AWS_SECRET_ACCESS_KEY: 'secret' };
const PLAINTEXT = Buffer.alloc(32, 1).toString('base64');

describe('a mistake in the configuration', () => {
  const original = process.env;
  let doctors;
  let kms;
  before(async () => {
    doctors = startDoctors();
    kms = await startFakeKms(agree);
  });
  afterEach(() => (process.env = original));
  after(() => {
    doctors?.stop();
    return kms?.stop();
  });

  const environment = (env, more) => ({
    PATH: original.PATH,
    HOME: folder,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL_KMS: kms.endpoint,
    ...KEYS,
    ...env,
    ...more,
    ...(env.AWS_ENDPOINT_URL ? { AWS_ENDPOINT_URL_KMS: '' } : {}),
  });

  describe('of the environment or the files', { concurrency: 20 }, () => {
    for (const [what, env, text, more] of MISTAKES) {
      it(`${what}: told when the keyring is made, and by doctor`, async () => {
        process.env = environment(env, more);
        assert.throws(
          () => new AwsKmsKeyring({ keyId: ARN }),
          ({ code, retryable, message }) => {
            assert.equal(code, 'ERR_ENVELOPE_CONFIGURATION');
            assert.equal(retryable, false);
            assert.match(message, text);
            assert.doesNotMatch(message, /top-secret/);
            return true;
          },
        );
        assert.throws(() => new AwsKmsKeyring({ discovery: true }), {
          code: 'ERR_ENVELOPE_CONFIGURATION',
        });
        const told = await doctors.examine(ARN, environment(env, more));
        const check = told.checks.find(({ name }) => name === 'encrypt');
        assert.deepEqual([told.code, check.code], [4, 'ERR_ENVELOPE_CONFIGURATION']);
        assert.match(check.detail, text);
      });
    }
  });

  for (const [what, options, text] of [
    [
      'a Region with a space',
      { region: 'eu west 1', keyId: 'alias/app' },
      /^the option `region` is "eu west 1"/,
    ],
    [
      'a Region in quotes',
      { region: "'eu-west-1'", keyId: 'alias/app' },
      /^the option `region` is /,
    ],
    [
      'an endpoint without a scheme',
      { endpoint: 'localhost:4566', keyId: ARN },
      /^the option `endpoint` has no scheme/,
    ],
    [
      'an endpoint with a space',
      { endpoint: 'http://local host', keyId: ARN },
      /^the option `endpoint` has a space/,
    ],
    [
      'a profile that is nowhere',
      { profile: 'nowhere', keyId: ARN },
      /^the option `profile` is "nowhere"/,
    ],
  ]) {
    it(`${what}, as an option: told when the keyring is made`, () => {
      process.env = environment({});
      assert.throws(() => new AwsKmsKeyring(options), {
        code: 'ERR_ENVELOPE_CONFIGURATION',
        message: text,
      });
    });
  }

  const EMPTY = [
    'AWS_ENDPOINT_URL',
    'AWS_REGION',
    'AWS_PROFILE',
    'AWS_SESSION_TOKEN',
    'AWS_CONFIG_FILE',
    'AWS_SHARED_CREDENTIALS_FILE',
    'AWS_USE_FIPS_ENDPOINT',
    'AWS_USE_DUALSTACK_ENDPOINT',
    'AWS_EXECUTION_ENV',
    'AWS_SDK_UA_APP_ID',
    'AWS_EC2_METADATA_SERVICE_ENDPOINT',
    'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'AWS_ROLE_ARN',
    'HTTPS_PROXY',
    'HTTP_PROXY',
    'ALL_PROXY',
    'NO_PROXY',
    'REQUEST_METHOD',
  ];
  for (const name of EMPTY) {
    it(`an empty ${name} is none, for doctor, too`, async () => {
      process.env = environment({ AWS_DEFAULT_REGION: 'eu-west-1', [name]: '' });
      const told = doctors.examine('alias/app', process.env);
      assert.equal(await roundTrip({ keyId: 'alias/app' }), 'x');
      assert.equal((await told).code, 0, JSON.stringify((await told).checks));
    });
  }

  it('doctor treats empty variables as unset ones', async () => {
    const empty = Object.fromEntries(EMPTY.map((name) => [name, '']));
    const told = await doctors.examine('alias/app', {
      ...environment({ ...empty, AWS_DEFAULT_REGION: 'eu-west-1' }),
    });
    assert.equal(told.code, 0, JSON.stringify(told.checks));
  });

  for (const value of ['false', 'False', 'FALSE']) {
    it(`AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT may be ${value}`, async () => {
      process.env = environment({
        AWS_USE_FIPS_ENDPOINT: value,
        AWS_USE_DUALSTACK_ENDPOINT: value,
      });
      assert.equal(await roundTrip({ keyId: ARN }), 'x');
    });
  }

  it('an empty AWS_ENDPOINT_URL_KMS gives way to AWS_ENDPOINT_URL', async () => {
    process.env = environment({ AWS_ENDPOINT_URL: kms.endpoint });
    assert.equal(await roundTrip({ keyId: ARN }), 'x');
  });

  it('a mistake never opens the circuit', async () => {
    process.env = environment({ AWS_REGION: 'eu west 1' });
    for (let i = 0; i < 10; i++) {
      assert.throws(() => new Envelope('alias/app'), { code: 'ERR_ENVELOPE_CONFIGURATION' });
    }
  });

  const READ = [
    ['a byte-order mark', '\ufeff[profile app]\nregion = eu-west-1\n'],
    ['indented lines', '[profile app]\n  output = json\n  region = eu-west-1\n'],
    ['text after the ]', '[profile app] the team of apps\nregion = eu-west-1\n'],
    ['a comment after the ]', '[profile app] # the team\nregion = eu-west-1\n'],
    ['an indented section', '  [profile app]\n  region = eu-west-1\n'],
    ['line ends of Windows', '[profile app]\r\nregion = eu-west-1\r\n'],
    ['quotes around the name', '[profile "app"]\nregion = eu-west-1\n'],
    ['apostrophes around the name', "[profile 'app']\nregion = eu-west-1\n"],
    ['capitals in a name', '[profile app]\nRegion = eu-west-1\n'],
    ['colons', '[profile app]\nregion: eu-west-1\n'],
    ['a comment in a line', '[profile app]\nregion = eu-west-1 # Ireland\n'],
    ['properties in properties', '[profile app]\ns3 =\n  max_queue_size = 1\nregion = eu-west-1\n'],
    ['indented comments', '[profile app]\n  # one\n\t; two\nregion=eu-west-1'],
  ];
  const profileKeys = 'aws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n';
  for (const [what, text] of READ) {
    it(`a config file with ${what} is read as the AWS CLI reads it`, async () => {
      const separator = text.includes('  output') || text.startsWith('  [') ? '  ' : '';
      const keys = profileKeys.replace(/^(?=aws)/gm, separator);
      process.env = environment({
        ...config(`${text.replace(/\n?$/, '\n')}${keys}`),
        AWS_PROFILE: 'app',
        AWS_ACCESS_KEY_ID: '',
        AWS_SECRET_ACCESS_KEY: '',
      });
      assert.equal(await roundTrip({ keyId: 'alias/app' }), 'x');
      assert.equal((await doctors.examine('alias/app', process.env)).code, 0);
    });
  }

  it('a profile with a space in its name, and another that refers to it, are found', async () => {
    const text = `[profile "my app"]\nregion = eu-west-1\n${profileKeys}`;
    process.env = environment({
      ...config(text),
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
    });
    assert.equal(await roundTrip({ keyId: 'alias/app', profile: 'my app' }), 'x');
  });

  it('variables are those that JavaScript sees when the keyring is made', async () => {
    process.env = { ...environment({}), AWS_REGION: 'eu-west-1' };
    const keyring = new AwsKmsKeyring({ keyId: 'alias/app' });
    process.env = {};
    assert.equal(String(await again(new Envelope({ keyring }))), 'x');
    assert.throws(
      () => {
        process.env = { AWS_REGION: 'not a Region' };
        new AwsKmsKeyring({ keyId: 'alias/app' });
      },
      { code: 'ERR_ENVELOPE_CONFIGURATION' },
    );
  });

  it('a worker with an environment of its own uses that', async () => {
    const script = `
      const { parentPort } = require('node:worker_threads');
      const { Envelope } = require(${JSON.stringify(path.join(__dirname, '..', '..'))});
      new Envelope('alias/app').encrypt('x').then(
        (message) => parentPort.postMessage(message.length > 0),
        (error) => parentPort.postMessage(error.code),
      );`;
    const env = { ...environment({}), AWS_REGION: 'eu-west-1' };
    const worker = new Worker(script, { eval: true, env });
    assert.equal(await new Promise((resolve) => worker.once('message', resolve)), true);
    await worker.terminate();
  });

  async function roundTrip(options) {
    return String(
      await again(new Envelope({ keyring: new AwsKmsKeyring({ maxAttempts: 1, ...options }) })),
    );
  }

  async function again(envelope) {
    return envelope.decrypt(await envelope.encrypt('x'));
  }
});

/** KMS, as far as these tests need it; an alias leads to one key. */
function agree() {
  const CiphertextBlob = Buffer.alloc(100, 2).toString('base64');
  return { body: { KeyId: ARN, Plaintext: PLAINTEXT, CiphertextBlob } };
}
