'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { before, beforeEach, describe, it } = require('node:test');

const { credentials, serve, tryKms } = require('../support/credentials');
const { temporaryFolder } = require('../support/files');
const { skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDENVIRONMENT', AWS_SECRET_ACCESS_KEY: 'secret' };

describe(
  'where credentials, Region and endpoint come from',
  { skip: skipWithout('python') },
  () => {
    const folder = temporaryFolder();
    const moto = temporaryMoto();
    let key;

    before(async () => {
      key = await moto.createKey({ region: 'eu-west-1' });
    });
    beforeEach(() => moto.clearRequests());

    /** What a process of its own sees, whose environment holds nothing of AWS but this. */
    function attempt(env, options, times) {
      const given = {
        HOME: folder,
        ENCRYPTION_KEY_ID: key.arn,
        AWS_ENDPOINT_URL_KMS: moto.endpoint,
        ...env,
      };
      return tryKms(given, options, times);
    }

    /** Who asked, according to moto. */
    async function callers() {
      const requests = await moto.requests();
      return requests.map(({ accessKeyId, region }) => `${accessKeyId} in ${region}`);
    }

    function file(name, text, mode = 0o600) {
      fs.writeFileSync(path.join(folder, name), text, { mode });
      return path.join(folder, name);
    }

    it('static keys in the environment', async () => {
      assert.deepEqual(await attempt(KEYS), { plaintext: 'x' });
      assert.deepEqual(await callers(), Array(2).fill('AKIDENVIRONMENT in eu-west-1'));
    });

    it('AWS_PROFILE, with a Region and static keys in the config file', async () => {
      const config = file(
        'config',
        '[profile app]\nregion = eu-west-1\n' +
          'aws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n',
      );
      const env = { AWS_CONFIG_FILE: config, ENCRYPTION_KEY_ID: key.keyId };
      assert.deepEqual(await attempt({ ...env, AWS_PROFILE: 'app' }), { plaintext: 'x' });
      assert.deepEqual(await attempt(env, { profile: 'app' }), { plaintext: 'x' });
      assert.deepEqual(await callers(), Array(4).fill('AKIDPROFILE in eu-west-1'));
    });

    it('a profile with credential_process', { skip: process.platform === 'win32' }, async () => {
      const answer = { Version: 1, AccessKeyId: 'AKIDPROCESS', SecretAccessKey: 'secret' };
      const vault = file('vault.sh', `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`, 0o700);
      const config = file(
        'config',
        `[profile vault]\nregion = eu-west-1\ncredential_process = ${vault}\n`,
      );
      const env = { AWS_CONFIG_FILE: config, AWS_PROFILE: 'vault', ENCRYPTION_KEY_ID: key.keyId };
      assert.deepEqual(await attempt(env), { plaintext: 'x' });
      assert.deepEqual(await callers(), Array(2).fill('AKIDPROCESS in eu-west-1'));
    });

    it(
      'one answer for the clients of all Regions',
      { skip: process.platform === 'win32' },
      async () => {
        const regions = ['us-west-2', 'ap-south-1'];
        const others = await Promise.all(regions.map((region) => moto.createKey({ region })));
        const answer = { Version: 1, AccessKeyId: 'AKIDPROCESS', SecretAccessKey: 'secret' };
        const asked = path.join(folder, 'asked');
        const script = `#!/bin/sh\necho once >> '${asked}'\necho '${JSON.stringify(answer)}'\n`;
        const vault = file('counting.sh', script, 0o700);
        const config = file('config', `[profile vault]\ncredential_process = ${vault}\n`);
        const env = { AWS_CONFIG_FILE: config, AWS_PROFILE: 'vault' };
        const additionalKeyIds = others.map(({ arn }) => arn);
        assert.deepEqual(await attempt(env, { additionalKeyIds }, 5), { plaintext: 'x' });
        const seen = (await callers()).sort();
        assert.deepEqual(seen, [
          ...Array(5).fill('AKIDPROCESS in ap-south-1'),
          ...Array(6).fill('AKIDPROCESS in eu-west-1'),
          ...Array(5).fill('AKIDPROCESS in us-west-2'),
        ]);
        assert.equal(fs.readFileSync(asked, 'utf8'), 'once\n');
      },
    );

    it('a role that a profile assumes', async () => {
      const config = file(
        'config',
        '[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = secret\n' +
          '[profile role]\nregion = eu-west-1\nsource_profile = base\n' +
          'role_arn = arn:aws:iam::123456789012:role/app\n',
      );
      const env = { AWS_CONFIG_FILE: config, AWS_PROFILE: 'role', ENCRYPTION_KEY_ID: key.keyId };
      assert.deepEqual(await attempt({ ...env, AWS_ENDPOINT_URL_STS: moto.endpoint }), {
        plaintext: 'x',
      });
      const [assume, ...kms] = await callers();
      assert.equal(assume, 'AKIDBASE in eu-west-1');
      assert.equal(kms.length, 2);
      for (const caller of kms) assert.match(caller, /^ASIA/, 'the temporary keys of the role');
    });

    it('the role of a container', async () => {
      const role = await serve(() => credentials('AKIDCONTAINER'));
      const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${role.address}/role` };
      assert.deepEqual(await attempt(env), { plaintext: 'x' });
      assert.deepEqual(await callers(), Array(2).fill('AKIDCONTAINER in eu-west-1'));
      role.stop();
    });

    it('the role of a container, renewed when its credentials expire', async () => {
      const answers = [credentials('AKIDFIRST', 1), credentials('AKIDSECOND')];
      const role = await serve(() => answers.shift());
      const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${role.address}/role` };
      assert.deepEqual(await attempt(env), { plaintext: 'x' });
      assert.deepEqual(await callers(), ['AKIDFIRST in eu-west-1', 'AKIDSECOND in eu-west-1']);
      role.stop();
    });

    it('the role and the Region of an instance', async () => {
      const paths = '/latest/meta-data/iam/security-credentials-extended/';
      const answers = {
        '/latest/api/token': 'token',
        '/latest/meta-data/placement/region': 'eu-west-1',
        [paths]: 'app',
        [`${paths}app`]: credentials('AKIDINSTANCE'),
      };
      const legacy = paths.replace('-extended', '');
      const instance = await serve((url) => answers[url] ?? answers[url.replace(legacy, paths)]);
      const env = {
        AWS_EC2_METADATA_SERVICE_ENDPOINT: instance.address,
        ENCRYPTION_KEY_ID: key.keyId,
      };
      assert.deepEqual(await attempt(env), { plaintext: 'x' });
      assert.deepEqual(await callers(), Array(2).fill('AKIDINSTANCE in eu-west-1'));
      instance.stop();
    });

    it('none at all: an error that says so, and no hang', async () => {
      const { code, message } = await attempt({});
      assert.equal(code, 'ERR_ENVELOPE_KMS_NO_CREDENTIALS');
      assert.match(message, /AWS_PROFILE/);
      const missing = await attempt({ AWS_PROFILE: 'no-such-profile' });
      assert.equal(missing.code, 'ERR_ENVELOPE_CONFIGURATION');
    });

    it('the option `profile` before keys in the environment', async () => {
      const config = file(
        'config',
        '[profile app]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n',
      );
      const env = { ...KEYS, AWS_CONFIG_FILE: config };
      assert.deepEqual(await attempt(env, { profile: 'app' }), { plaintext: 'x' });
      assert.deepEqual(await callers(), Array(2).fill('AKIDPROFILE in eu-west-1'));
    });

    it('the option `profile` that takes the keys of the environment for its role', async () => {
      const config = file(
        'config',
        '[profile app]\ncredential_source = Environment\n' +
          'role_arn = arn:aws:iam::123456789012:role/app\n',
      );
      const env = { ...KEYS, AWS_CONFIG_FILE: config, AWS_ENDPOINT_URL_STS: moto.endpoint };
      assert.deepEqual(await attempt(env, { profile: 'app' }), { plaintext: 'x' });
      const [assume, ...kms] = await callers();
      assert.equal(assume, 'AKIDENVIRONMENT in eu-west-1');
      for (const caller of kms) assert.match(caller, /^ASIA/, 'the temporary keys of the role');
    });

    const unix = { skip: process.platform === 'win32' };
    const process_ = (command) => `[profile app]\ncredential_process = ${command}\n`;

    it('a slow process: started once for many callers, with a time of its own', unix, async () => {
      const asked = path.join(folder, 'asked-slowly');
      const answer = { Version: 1, AccessKeyId: 'AKIDPROCESS', SecretAccessKey: 'secret' };
      const script = `#!/bin/sh\necho once >> '${asked}'\nsleep 2\necho '${JSON.stringify(answer)}'\n`;
      const vault = file('slow.sh', script, 0o700);
      const env = { AWS_CONFIG_FILE: file('config', process_(vault)), AWS_PROFILE: 'app' };
      const quick = { attemptTimeoutMs: 1000, timeoutMs: 1500 };
      assert.deepEqual(await attempt(env, quick, 10), { plaintext: 'x' });
      assert.equal(fs.readFileSync(asked, 'utf8'), 'once\n');
      const { code, message, retryable } = await attempt(env, { credentialsTimeoutMs: 300 });
      assert.equal(code, 'ERR_ENVELOPE_KMS_NO_CREDENTIALS');
      assert.match(message, /did not answer in time; try again, or raise `credentialsTimeoutMs`/);
      assert.equal(retryable, true);
    });

    it('a metadata address where nobody answers: no hang', async () => {
      let asked = 0;
      const silent = net.createServer(() => asked++);
      await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const address = `http://127.0.0.1:${silent.address().port}`;
      const { code } = await attempt({ AWS_EC2_METADATA_SERVICE_ENDPOINT: address });
      silent.close();
      assert.equal(code, 'ERR_ENVELOPE_KMS_NO_CREDENTIALS');
      assert.ok(asked > 0);
    });

    it('no Region: an error that says so, and no hang', async () => {
      const { code, message } = await attempt({ ...KEYS, ENCRYPTION_KEY_ID: key.keyId });
      assert.equal(code, 'ERR_ENVELOPE_KMS_NO_REGION');
      assert.match(message, /AWS_REGION/);
    });

    it('no Region to discover where each key is, but one for multi-Region keys', async () => {
      const anywhere = { reader: { discovery: true } };
      assert.deepEqual(await attempt(KEYS, anywhere), { plaintext: 'x' });
      assert.deepEqual(await callers(), Array(2).fill('AKIDENVIRONMENT in eu-west-1'));
      const here = { reader: { discovery: true, multiRegion: true } };
      const { code, message } = await attempt(KEYS, here);
      assert.equal(code, 'ERR_ENVELOPE_KMS_NO_REGION');
      assert.match(message, /AWS_REGION/);
      assert.deepEqual(await attempt({ ...KEYS, AWS_REGION: 'eu-west-1' }, here), {
        plaintext: 'x',
      });
    });

    it('AWS_REGION for a key without an ARN, and the option before it', async () => {
      const env = { ...KEYS, ENCRYPTION_KEY_ID: key.keyId, AWS_REGION: 'eu-west-1' };
      assert.deepEqual(await attempt(env), { plaintext: 'x' });
      const { code } = await attempt(env, { region: 'us-west-2' });
      assert.equal(code, 'ERR_ENVELOPE_KMS_KEY_NOT_FOUND');
      const regions = (await callers()).map((caller) => caller.split(' in ')[1]);
      assert.deepEqual(regions, ['eu-west-1', 'eu-west-1', 'us-west-2']);
    });

    it('an endpoint by option, before the environment', async () => {
      const closed = { AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:9' };
      assert.deepEqual(await attempt({ ...KEYS, ...closed }, { endpoint: moto.endpoint }), {
        plaintext: 'x',
      });
      const { code } = await attempt({ ...KEYS, ...closed }, { maxAttempts: 1 });
      assert.equal(code, 'ERR_ENVELOPE_KMS_UNREACHABLE');
    });
  },
);
