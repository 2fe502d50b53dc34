'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, afterEach, before, describe, it } = require('node:test');
const { Worker } = require('node:worker_threads');

const { AwsKmsKeyring, Envelope } = require('../..');
const { jsonLines, run } = require('../support/cli');
const { startFakeKms } = require('../support/fake-kms');
const { temporaryFolder } = require('../support/files');

const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDTEST', AWS_SECRET_ACCESS_KEY: 'secret' };
const PLAINTEXT = Buffer.alloc(32, 1).toString('base64');

const folder = temporaryFolder();
const config = (text) => ({ AWS_CONFIG_FILE: file('config', text) });

/** A file of its own, so that many rows of a table may have one. */
let files = 0;
function file(name, text) {
  const place = path.join(folder, `${name}-${++files}`);
  fs.writeFileSync(place, text);
  return place;
}

/** What is wrong, in which environment, and what the error must say. */
const MISTAKES = [
  ['a Region in quotes', { AWS_REGION: '"eu-west-1"' }, /^AWS_REGION is .* without quotes/],
  ['a Region with a space', { AWS_REGION: 'eu-west-1 ' }, /^AWS_REGION is "eu-west-1 ", /],
  ['a Region with a line break', { AWS_REGION: 'eu-west-1\n' }, /^AWS_REGION is "eu-west-1\\n"/],
  ['a Region with a comment', { AWS_REGION: 'eu-west-1 # Ireland' }, /^AWS_REGION is /],
  ['a Region that is a URL', { AWS_REGION: 'https://eu-west-1' }, /^AWS_REGION is /],
  ['a Region with a dot', { AWS_DEFAULT_REGION: 'eu.west.1' }, /^AWS_DEFAULT_REGION is /],
  ['a Region with a long dash', { AWS_REGION: 'eu\u2013west\u20131' }, /^AWS_REGION is /],
  ['a Region that ends with a dash', { AWS_REGION: 'eu-west-' }, /^AWS_REGION is /],
  [
    'a Region that is much too long',
    { AWS_REGION: 'x'.repeat(9999) },
    /^AWS_REGION is "x{60}\.\.\./,
  ],
  [
    'a quoted Region in a profile',
    config('[default]\n\nregion = "eu-west-1"\n'),
    /^region of the profile default \(.*config-\d+, line 3\) is "\\"eu-west-1\\"", /,
  ],
  [
    'an endpoint without a scheme',
    { AWS_ENDPOINT_URL: 'localhost:4566' },
    /^AWS_ENDPOINT_URL has no scheme; write a URL such as https:/,
  ],
  [
    'an endpoint with a space',
    { AWS_ENDPOINT_URL_KMS: 'http://local host' },
    /^AWS_ENDPOINT_URL_KMS has a space/,
  ],
  [
    'an endpoint with a space after it',
    { AWS_ENDPOINT_URL: 'http://localhost ' },
    /^AWS_ENDPOINT_URL has a space/,
  ],
  [
    'an endpoint in quotes',
    { AWS_ENDPOINT_URL: '"http://localhost:4566"' },
    /^AWS_ENDPOINT_URL has quotes/,
  ],
  [
    'an endpoint of another scheme',
    { AWS_ENDPOINT_URL: 'tcp://localhost:4566' },
    /neither https:\/\/ nor http:/,
  ],
  ['an endpoint with half a scheme', { AWS_ENDPOINT_URL: 'http:/localhost' }, /has no scheme/],
  ['an endpoint without a host', { AWS_ENDPOINT_URL: 'http://' }, /has no host/],
  ['an endpoint with a wrong port', { AWS_ENDPOINT_URL: 'http://localhost:port' }, /wrong port/],
  [
    'an endpoint with too high a port',
    { AWS_ENDPOINT_URL: 'http://localhost:70000' },
    /wrong port/,
  ],
  [
    'an endpoint in a profile without a scheme',
    config('[default]\nendpoint_url = localhost:4566\n'),
    /^endpoint_url of the profile default \(.*, line 2\) has no scheme/,
    { AWS_ENDPOINT_URL_KMS: '' },
  ],
  [
    'an endpoint and FIPS',
    { AWS_USE_FIPS_ENDPOINT: 'true' },
    /^AWS_ENDPOINT_URL_KMS and FIPS .* exclude each other/,
  ],
  [
    'FIPS 1',
    { AWS_USE_FIPS_ENDPOINT: '1' },
    /^AWS_USE_FIPS_ENDPOINT is "1", which is neither true nor false/,
  ],
  ['FIPS 0', { AWS_USE_FIPS_ENDPOINT: '0' }, /neither true nor false/],
  ['FIPS yes', { AWS_USE_FIPS_ENDPOINT: 'yes' }, /neither true nor false/],
  ['FIPS on', { AWS_USE_FIPS_ENDPOINT: 'on' }, /neither true nor false/],
  ['FIPS enabled', { AWS_USE_FIPS_ENDPOINT: 'enabled' }, /neither true nor false/],
  ['FIPS in quotes', { AWS_USE_FIPS_ENDPOINT: "'true'" }, /neither true nor false/],
  ['FIPS with a space', { AWS_USE_FIPS_ENDPOINT: ' true' }, /neither true nor false/],
  [
    'FIPS yes in a profile',
    config('[default]\nuse_fips_endpoint = yes\n'),
    /^use_fips_endpoint of the profile .*line 2\) is "yes"/,
  ],
  ['dual stack 1', { AWS_USE_DUALSTACK_ENDPOINT: '1' }, /^AWS_USE_DUALSTACK_ENDPOINT is "1"/],
  ['metadata disabled 1', { AWS_EC2_METADATA_DISABLED: '1' }, /^AWS_EC2_METADATA_DISABLED is "1"/],
  [
    'endpoints ignored yes',
    { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'yes' },
    /^AWS_IGNORE_CONFIGURED_ENDPOINT_URLS/,
  ],
  [
    'an odd execution environment',
    { AWS_EXECUTION_ENV: 'caf\u00e9\u0001' },
    /^AWS_EXECUTION_ENV is .* unset it/,
  ],
  ['an odd application', { AWS_SDK_UA_APP_ID: 'my app' }, /^AWS_SDK_UA_APP_ID is "my app"/],
  [
    'a control character in a key id',
    { AWS_ACCESS_KEY_ID: 'AKID\u0001TEST' },
    /^AWS_ACCESS_KEY_ID has a space/,
  ],
  [
    'a line break after a key id',
    { AWS_ACCESS_KEY_ID: 'AKIDTEST\n' },
    /^AWS_ACCESS_KEY_ID has a space, a line break/,
  ],
  [
    'a line break after a secret',
    { AWS_SECRET_ACCESS_KEY: 'top-secret\n' },
    /^AWS_SECRET_ACCESS_KEY has a space/,
  ],
  [
    'a session token with a space',
    { AWS_SESSION_TOKEN: 'to ken' },
    /^AWS_SESSION_TOKEN has a space/,
  ],
  [
    'half of the keys',
    { AWS_SECRET_ACCESS_KEY: '' },
    /^AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY/,
  ],
  [
    'the other half',
    { AWS_ACCESS_KEY_ID: '' },
    /^AWS_SECRET_ACCESS_KEY is set, but not AWS_ACCESS_KEY_ID/,
  ],
  [
    'a misspelt profile',
    {
      ...config('[profile app]\n[profile other]\n'),
      AWS_PROFILE: 'ap',
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
    },
    /^AWS_PROFILE is "ap", which is a profile neither of .* write one that is there: app, other$/,
  ],
  [
    'junk in another profile',
    config('[default]\nregion = eu-west-1\n[profile x]\njunk\n'),
    /line 4: it must be NAME = VALUE/,
  ],
  [
    'a section without its end',
    config('[default\nregion = eu-west-1\n'),
    /line 1: the name of a section must end with \]/,
  ],
  [
    'a line before all sections',
    config('region = eu-west-1\n'),
    /line 1: it must come after the name of a section/,
  ],
  ['a file that is not text', { AWS_CONFIG_FILE: binaryFile() }, /is not UTF-8 text at line 2/],
  ['a folder for a file', { AWS_CONFIG_FILE: folder }, /is no file/],
  [
    'a proxy without a host',
    { HTTPS_PROXY: 'http://' },
    /^HTTPS_PROXY is malformed; write one such as http:/,
  ],
  ['a proxy with a wrong port', { HTTPS_PROXY: 'http://proxy:port' }, /^HTTPS_PROXY is malformed/],
  ['a SOCKS proxy', { ALL_PROXY: 'socks5://proxy:1080' }, /^ALL_PROXY names a SOCKS proxy/],
  ['a proxy in quotes', { HTTPS_PROXY: '"http://proxy:1"' }, /^HTTPS_PROXY is /],
];

function binaryFile() {
  const place = path.join(folder, 'binary');
  fs.writeFileSync(place, Buffer.from([0x5b, 0x78, 0x5d, 0x0a, 0xff, 0xfe]));
  return place;
}

describe('a mistake in the configuration', () => {
  const original = process.env;
  let kms;
  before(async () => (kms = await startFakeKms(agree)));
  afterEach(() => (process.env = original));
  after(() => kms?.stop());

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
      const told = await run(['doctor', '--json', '--key', ARN], {
        cwd: folder,
        env: environment(env, more),
      });
      const [{ checks }] = jsonLines(told.stdout);
      const check = checks.find(({ name }) => name === 'encrypt');
      assert.deepEqual([told.code, check.code], [4, 'ERR_ENVELOPE_CONFIGURATION']);
      assert.match(check.detail, text);
    });
  }

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
    it(`an empty ${name} is none`, async () => {
      process.env = environment({ AWS_DEFAULT_REGION: 'eu-west-1', [name]: '' });
      assert.equal(await roundTrip({ keyId: 'alias/app' }), 'x');
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
