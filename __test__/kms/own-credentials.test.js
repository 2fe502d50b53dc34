'use strict';

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { after, before, beforeEach, describe, it } = require('node:test');
const { setTimeout: wait } = require('node:timers/promises');

const { AwsKmsKeyring, BranchKeyStore, Envelope } = require('../..');
const {
  SECRET,
  inSeconds,
  keys,
  roundTrip,
  startCallersKms,
} = require('../support/own-credentials');
const { thrown } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');

describe('the option credentials', { skip: skipWithout('python') }, () => {
  let kms, moto, key;

  before(async () => {
    kms = await startCallersKms();
    ({ moto, key } = kms);
  });
  beforeEach(() => kms.clear());
  after(() => kms?.stop());

  it('takes access keys, or a function that returns them, with or without a promise', async () => {
    await roundTrip(kms.envelopeOf(keys('AKIDOBJECT', { sessionToken: 'token' })));
    await roundTrip(kms.envelopeOf(() => keys('AKIDFUNCTION')));
    await roundTrip(kms.envelopeOf(async () => keys('AKIDASYNC', { expiration: inSeconds(60) })));
    assert.deepEqual(
      await kms.callers(),
      ['AKIDOBJECT', 'AKIDFUNCTION', 'AKIDASYNC'].flatMap((id) => [
        `${id} GenerateDataKey`,
        `${id} Decrypt`,
      ]),
    );
  });

  it('takes access keys with the further properties of the JavaScript SDK, and those of a class', async () => {
    const given = { accountId: '123456789012', credentialScope: 'x', $source: { CODE: 'e' } };
    await roundTrip(kms.envelopeOf(keys('AKIDOBJECT', given)));
    class Identity {
      get accessKeyId() {
        return 'AKIDCLASS';
      }
      secretAccessKey = SECRET;
    }
    await roundTrip(kms.envelopeOf(async () => new Identity()));
    assert.match((await kms.callers()).join(), /^AKIDOBJECT .*AKIDCLASS Decrypt$/);
  });

  it('can be given beside a key to new Envelope and Envelope.open', async () => {
    const credentials = () => keys('AKIDBESIDE');
    await roundTrip(new Envelope(key.arn, { credentials }));
    await roundTrip(new Envelope({ keyId: key.arn, credentials, frameLength: 100 }));
    await roundTrip(await Envelope.open(key.arn, { credentials, cache: {} }));
    const seen = await kms.callers();
    assert.ok(seen.length >= 6);
    for (const caller of seen) assert.match(caller, /^AKIDBESIDE /);
  });

  it('is asked once for all Regions of a keyring, and serves discovery', async () => {
    const { arn } = await moto.createKey({ region: 'us-west-2' });
    let asked = 0;
    const credentials = async () => {
      asked += 1;
      await wait(20);
      return keys('AKIDREGIONS');
    };
    const envelope = kms.envelopeOf(credentials, { additionalKeyIds: [arn] });
    await Promise.all(Array.from({ length: 20 }, () => envelope.encrypt('x')));
    assert.equal(asked, 1);
    const reader = new AwsKmsKeyring({ discovery: true, credentials: keys('AKIDDISCOVERY') });
    await roundTrip(envelope, new Envelope({ keyring: reader }));
    const seen = new Set(await kms.callers());
    assert.deepEqual(
      seen,
      new Set(['AKIDREGIONS GenerateDataKey', 'AKIDREGIONS Encrypt', 'AKIDDISCOVERY Decrypt']),
    );
  });

  it('serves keyrings for multi-Region keys, named and discovered', async () => {
    const credentials = () => keys('AKIDMULTI');
    const [named, discovered] = [{ keyId: key.arn }, { discovery: true, region: 'eu-west-1' }].map(
      (options) => {
        const keyring = new AwsKmsKeyring({ ...options, multiRegion: true, credentials });
        return new Envelope({ keyring });
      },
    );
    await roundTrip(named, discovered);
    assert.deepEqual(await kms.callers(), ['AKIDMULTI GenerateDataKey', 'AKIDMULTI Decrypt']);
  });

  it('serves a store of branch keys: DynamoDB and KMS, with one answer', async () => {
    let asked = 0;
    const store = new BranchKeyStore({
      tableName: 'own-credentials',
      logicalName: 'tenants',
      kmsKeyId: key.arn,
      region: 'eu-west-1',
      endpoint: moto.endpoint,
      kmsEndpoint: moto.endpoint,
      credentials: async () => {
        asked += 1;
        return keys('AKIDSTORE');
      },
    });
    await store.createTable();
    await store.create();
    const seen = await kms.callers();
    assert.ok(seen.some((caller) => caller.endsWith(' TransactWriteItems')));
    assert.ok(seen.some((caller) => caller.endsWith(' GenerateDataKeyWithoutPlaintext')));
    for (const caller of seen) assert.match(caller, /^AKIDSTORE /);
    assert.equal(asked, 1);
  });

  it('is asked again when its keys are about to end, and not before', async () => {
    const answers = [
      keys('AKIDFIRST', { expiration: inSeconds(3600) }),
      keys('AKIDNEVER', { expiration: inSeconds(3600) }),
    ];
    const long = kms.envelopeOf(async () => answers.shift());
    await roundTrip(long);
    await roundTrip(long);
    assert.equal(answers.length, 1);
    const ending = [
      // Within the 10 seconds before the end the next call asks again.
      keys('AKIDENDING', { expiration: inSeconds(5) }),
      keys('AKIDNEXT', { expiration: inSeconds(3600) }),
    ];
    await moto.clearRequests();
    const short = kms.envelopeOf(async () => ending.shift());
    await roundTrip(short);
    await roundTrip(short);
    assert.deepEqual(
      (await kms.callers()).map((caller) => caller.split(' ')[0]),
      ['AKIDENDING', 'AKIDNEXT', 'AKIDNEXT', 'AKIDNEXT'],
    );
  });

  it('uses the last keys for as long as they last when the function fails', async () => {
    let fails = false;
    const envelope = kms.envelopeOf(async () => {
      if (fails) throw new Error('the vault is down');
      return keys('AKIDLAST', { expiration: inSeconds(5) });
    });
    await roundTrip(envelope);
    fails = true;
    await roundTrip(envelope);
  });

  it('runs in the asynchronous context of the call that needs it', async () => {
    const storage = new AsyncLocalStorage();
    const seen = [];
    const envelope = kms.envelopeOf(async () => {
      seen.push(storage.getStore());
      await wait(1);
      seen.push(storage.getStore());
      return keys('AKIDCONTEXT');
    });
    await storage.run('the request', () => envelope.encrypt('x'));
    assert.deepEqual(seen, ['the request', 'the request']);
  });

  it('is told the Region, as a client of the JavaScript SDK tells its providers', async () => {
    let region;
    const envelope = kms.envelopeOf(async ({ callerClientConfig }) => {
      region = await callerClientConfig.region();
      return keys('AKIDREGION');
    });
    await envelope.encrypt('x');
    assert.equal(region, 'eu-west-1');
  });

  it('works although the credentials in the environment are wrong', async () => {
    const before = { ...process.env };
    Object.assign(process.env, { AWS_PROFILE: 'nowhere', AWS_ACCESS_KEY_ID: 'two words' });
    delete process.env.AWS_SECRET_ACCESS_KEY;
    try {
      thrown(() => new AwsKmsKeyring({ keyId: key.arn }), 'CONFIGURATION');
      await roundTrip(kms.envelopeOf(keys('AKIDOBJECT')));
    } finally {
      delete process.env.AWS_PROFILE;
      Object.assign(process.env, before);
    }
  });

  it('is never asked by synchronous calls', async () => {
    let asked = 0;
    const credentials = () => {
      asked += 1;
      return keys('AKIDSYNC');
    };
    const envelope = new Envelope(key.arn, { credentials, cache: {} });
    thrown(() => envelope.encryptSync('x'), 'WOULD_BLOCK');
    await wait(5);
    assert.equal(asked, 0);
    await envelope.warm();
    assert.equal(String(envelope.decryptSync(envelope.encryptSync('x'))), 'x');
    assert.equal(asked, 1);
  });

  it('is refused beside a profile or another key, and if it is neither keys nor a function', () => {
    const refused = (make, text) => assert.match(thrown(make, 'INVALID_ARGUMENT').message, text);
    const credentials = keys('AKID');
    refused(
      () => kms.envelopeOf(credentials, { profile: 'app' }),
      /profile and credentials exclude/,
    );
    refused(
      () =>
        new BranchKeyStore({
          tableName: 't',
          logicalName: 'l',
          kmsKeyId: key.arn,
          profile: 'p',
          credentials,
        }),
      /profile and credentials exclude/,
    );
    refused(() => new Envelope('local:dev.key', { credentials }), /credentials are for AWS KMS/);
    const keyring = new AwsKmsKeyring({ keyId: key.arn });
    refused(
      () => new Envelope({ keyring, credentials }),
      /credentials is an option of the keyring/,
    );
    for (const [wrong, text] of [
      [null, /credentials must be \{ accessKeyId, .*, not null/],
      ['AKID', /credentials must be .* not a string/],
      [Promise.resolve(credentials), /credentials must be a plain object, .* Promise/],
      [{}, /credentials\.accessKeyId must be a string/],
      [{ accessKeyId: 'AKID' }, /credentials\.secretAccessKey must be a string/],
      [{ ...credentials, accessKeyId: 'two words' }, /credentials\.accessKeyId has a space/],
      [
        { ...credentials, sessionToken: '' },
        /credentials\.sessionToken must be a string that is not/,
      ],
      [{ ...credentials, expiration: 5 }, /credentials\.expiration must be a valid Date, not 5/],
      [{ ...credentials, sessiontoken: 'x' }, /there is no option "sessiontoken"/],
    ]) {
      refused(() => kms.envelopeOf(wrong), text);
      refused(() => new Envelope(key.arn, { credentials: wrong }), text);
    }
  });
});
