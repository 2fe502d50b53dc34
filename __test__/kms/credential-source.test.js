'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, beforeEach, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope } = require('../..');
const { config, folder } = require('../support/configuration-files');
const { credentials, serve } = require('../support/credentials');
const { startDoctors } = require('../support/doctors');
const { startMoto } = require('../support/moto');
const { skipWithout } = require('../support/requirements');

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDENVIRONMENT', AWS_SECRET_ACCESS_KEY: 'secret' };
const ROLE = 'role_arn = arn:aws:iam::123456789012:role/app\n';
const starting = (word) => config(`[profile app]\n${ROLE}credential_source = ${word}\n`);
const INSTANCE = '/latest/meta-data/iam/security-credentials';

describe('a role that starts from', { skip: skipWithout('python') }, () => {
  const original = process.env;
  let moto;
  let key;
  let doctors;
  let servers;

  before(async () => {
    doctors = startDoctors();
    moto = await startMoto();
    key = await moto.createKey({ region: 'eu-west-1' });
    servers = {
      container: await serve(() => credentials('AKIDCONTAINER')),
      instance: await serve((url) => {
        if (url === '/latest/api/token') return 'token';
        return /credentials(-extended)?\/$/.test(url) ? 'app' : ofInstance(url);
      }),
    };
  });
  beforeEach(() => moto.clearRequests());
  afterEach(() => (process.env = original));
  after(() => {
    for (const server of Object.values(servers ?? {})) server.stop();
    doctors?.stop();
    return moto?.stop();
  });

  const ofInstance = (url) => (url.startsWith(INSTANCE) ? credentials('AKIDINSTANCE') : undefined);
  const container = () => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${servers.container.address}/role`,
  });
  const instance = () => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: servers.instance.address });
  const environment = (more) => ({
    PATH: original.PATH,
    HOME: folder,
    AWS_ENDPOINT_URL_KMS: moto.endpoint,
    AWS_ENDPOINT_URL_STS: moto.endpoint,
    ...more,
  });

  const option = { profile: 'app' };
  const variable = { AWS_PROFILE: 'app' };
  const chain = `[profile app]\n${ROLE}source_profile = base\n[profile base]\n${ROLE}`;
  for (const [what, caller, env, options] of [
    ['Environment', 'AKIDENVIRONMENT', () => ({ ...KEYS, ...starting('Environment') }), option],
    [
      'Environment, in other letters',
      'AKIDENVIRONMENT',
      () => ({ ...KEYS, ...starting('environment') }),
      option,
    ],
    [
      'Environment, with a session token',
      'AKIDENVIRONMENT',
      () => ({ ...KEYS, AWS_SESSION_TOKEN: 'token', ...starting('Environment') }),
      option,
    ],
    [
      'Environment, behind another role',
      'AKIDENVIRONMENT',
      () => ({ ...KEYS, ...config(`${chain}credential_source = Environment\n`) }),
      option,
    ],
    [
      'EcsContainer',
      'AKIDCONTAINER',
      () => ({ ...variable, ...starting('EcsContainer'), ...container() }),
    ],
    [
      'EcsContainer, beside keys of the environment',
      'AKIDCONTAINER',
      () => ({ ...KEYS, ...starting('EcsContainer'), ...container() }),
      option,
    ],
    [
      'EcsContainer, behind another role',
      'AKIDCONTAINER',
      () => ({
        ...variable,
        ...config(`${chain}credential_source = EcsContainer\n`),
        ...container(),
      }),
    ],
    [
      'Ec2InstanceMetadata',
      'AKIDINSTANCE',
      () => ({ ...variable, ...starting('Ec2InstanceMetadata'), ...instance() }),
    ],
    [
      'Ec2InstanceMetadata, beside keys of the environment',
      'AKIDINSTANCE',
      () => ({ ...KEYS, ...starting('Ec2InstanceMetadata'), ...instance() }),
      option,
    ],
    [
      'Ec2InstanceMetadata, beside the role of a container',
      'AKIDINSTANCE',
      () => ({ ...variable, ...starting('Ec2InstanceMetadata'), ...container(), ...instance() }),
    ],
  ]) {
    it(`${what}: its keys assume the role, whose keys call KMS`, async () => {
      process.env = environment(env());
      const keyring = new AwsKmsKeyring({ keyId: key.arn, ...options });
      process.env = original;
      await new Envelope({ keyring }).encrypt('x');
      const callers = (await moto.requests()).map(({ accessKeyId }) => accessKeyId);
      assert.equal(callers[0], caller);
      assert.match(callers.at(-1), /^ASIA/, 'the temporary keys of the role');
    });
  }

  it('what a variable names: doctor finds all well', async () => {
    for (const [word, more] of [
      ['EcsContainer', container()],
      ['Ec2InstanceMetadata', instance()],
    ]) {
      const env = environment({ ...variable, ...starting(word), ...more });
      const { code, checks } = await doctors.examine(key.arn, env);
      assert.equal(code, 0, JSON.stringify(checks));
      assert.match(checks.find(({ name }) => name === 'credentials').detail, /the profile app/);
    }
  });

  it('its own keys, if source_profile names the profile itself', async () => {
    const own = `${ROLE}source_profile = app\naws_access_key_id = AKIDOWN\n`;
    const text = `[profile app]\n${own}aws_secret_access_key = secret\n`;
    process.env = environment({ ...variable, ...config(text) });
    await new Envelope({ keyring: new AwsKmsKeyring({ keyId: key.arn }) }).encrypt('x');
    const [first] = await moto.requests();
    assert.equal(first.accessKeyId, 'AKIDOWN');
  });
});
