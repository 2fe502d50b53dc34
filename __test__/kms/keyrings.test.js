'use strict';

const assert = require('node:assert/strict');
const { before, beforeEach, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope, MultiKeyring, inspect } = require('../..');
const { rawAes } = require('../support/raw-aes');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

/** That of a moto of one's own. */
const ACCOUNT = '123456789012';
const REGIONS = ['eu-west-1', 'us-east-1', 'ap-southeast-2'];
const keysOf = (message) => inspect(message).encryptedDataKeys.map(({ keyName }) => keyName);

describe('KMS keyrings (moto)', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto({ shared: false });
  let keys;
  let arns;
  const keyring = (options) => new AwsKmsKeyring({ endpoint: moto.endpoint, ...options });
  const envelope = (options) => new Envelope({ keyring: keyring(options) });
  const several = () => envelope({ keyId: arns[0], additionalKeyIds: arns.slice(1) });
  /** What was asked since it was last asked for: ['Decrypt arn:... in eu-west-1', ...]. */
  const calls = async () => {
    const requests = await moto.requests();
    await moto.clearRequests();
    return requests.map(
      ({ target, keyId, region }) => `${target.split('.')[1]} ${keyId} in ${region}`,
    );
  };

  before(async () => {
    keys = await Promise.all(REGIONS.map((region) => moto.createKey({ region })));
    arns = keys.map((key) => key.arn);
  });
  beforeEach(() => moto.clearRequests());

  describe('several keys', () => {
    it('makes the data key under the first, and wraps it under each other where that is', async () => {
      const encryptionContext = { tenant: 'acme', purpose: 'test' };
      const message = await several().encrypt('x', { encryptionContext });
      const contexts = (await moto.requests()).map((request) => request.encryptionContext);
      assert.deepEqual(contexts, Array(3).fill(encryptionContext));
      assert.deepEqual(await calls(), [
        `GenerateDataKey ${arns[0]} in eu-west-1`,
        `Encrypt ${arns[1]} in us-east-1`,
        `Encrypt ${arns[2]} in ap-southeast-2`,
      ]);
      assert.deepEqual(keysOf(message), arns);
    });

    it('can be decrypted under each key alone, in one call', async () => {
      const message = await several().encrypt('x');
      await calls();
      for (const [i, keyId] of arns.entries()) {
        assert.equal(String(await envelope({ keyId }).decrypt(message)), 'x');
        assert.deepEqual(await calls(), [`Decrypt ${keyId} in ${REGIONS[i]}`]);
      }
      assert.equal(String(await several().decrypt(message)), 'x');
      assert.deepEqual(await calls(), [`Decrypt ${arns[0]} in eu-west-1`]);
    });

    it('asks the next key when one does not answer, and no more after that', async () => {
      const message = await several().encrypt('x');
      await calls();
      const gone = missing(arns[0]);
      const options = { keyId: gone, additionalKeyIds: arns.slice(1) };
      const error = await rejection(
        envelope(options).decrypt(edited(message, arns[0], gone)),
        'AUTHENTICATION_FAILED',
      );
      assert.match(error.message, /header/, 'the data key was found; the edit is seen then');
      assert.deepEqual(await calls(), [
        `Decrypt ${gone} in eu-west-1`,
        `Decrypt ${arns[1]} in us-east-1`,
      ]);
    });

    it('says why each key could not decrypt', async () => {
      const message = await several().encrypt('x');
      const [other, next] = [await moto.createKey(), await moto.createKey()];
      await calls();
      const wrong = envelope({ keyId: other.arn, additionalKeyIds: [next.arn] });
      const error = await rejection(wrong.decrypt(message), 'NO_USABLE_KEY');
      for (const name of arns) assert.ok(error.message.includes(name), error.message);
      assert.deepEqual(
        error.errors.map(({ code }) => code),
        Array(2).fill('ERR_ENVELOPE_NO_USABLE_KEY'),
      );
      assert.ok(error.errors[0].message.includes(other.arn));
      assert.ok(error.errors[1].message.includes(next.arn));
      assert.deepEqual(await calls(), []);
    });

    it('fails if one key cannot wrap', async () => {
      const gone = missing(arns[1]);
      const wrong = envelope({ keyId: arns[0], additionalKeyIds: [gone, arns[2]] });
      const error = await rejection(wrong.encrypt('x'), 'KMS_KEY_NOT_FOUND');
      assert.ok(error.message.startsWith('Encrypt ') && error.message.includes(gone));
      assert.equal((await calls()).length, 2, 'the third key is not asked');
    });

    it('takes the default Region for names without one, and theirs for ARNs', async () => {
      await moto.createAlias('alias/second', keys[1].keyId);
      const additionalKeyIds = ['alias/second', arns[2]];
      const message = await envelope({ keyId: arns[0], additionalKeyIds }).encrypt('x');
      assert.deepEqual(await calls(), [
        `GenerateDataKey ${arns[0]} in eu-west-1`,
        'Encrypt alias/second in us-east-1',
        `Encrypt ${arns[2]} in ap-southeast-2`,
      ]);
      const byAlias = envelope({ keyId: 'alias/second' });
      assert.equal(String(await byAlias.decrypt(message)), 'x');
      const options = { keyId: arns[2], additionalKeyIds: [keys[0].keyId], region: 'eu-west-1' };
      assert.deepEqual(keysOf(await envelope(options).encrypt('x')), [arns[2], arns[0]]);
    });

    it('gives data keys of the first key, and unwraps those of any', async () => {
      const { ciphertextBlob, plaintext } = await envelope({ keyId: arns[1] }).generateDataKey();
      await calls();
      assert.equal((await several().generateDataKey()).keyId, arns[0]);
      assert.deepEqual(await calls(), [`GenerateDataKey ${arns[0]} in eu-west-1`]);
      const found = await several().decryptDataKey(ciphertextBlob);
      assert.deepEqual([found.plaintext, found.keyId], [plaintext, arns[1]]);
      const asked = (await calls()).map((call) => call.split(' ')[1]);
      assert.deepEqual(asked, arns.slice(0, 2));
    });

    it('is one key where there are no others', async () => {
      const alone = envelope({ keyId: arns[0], additionalKeyIds: [] });
      const message = await envelope({ keyId: arns[1] }).encrypt('x');
      assert.deepEqual((await rejection(alone.decrypt(message), 'NO_USABLE_KEY')).errors, []);
    });
  });

  describe('a KMS key as the child of a MultiKeyring', () => {
    it('wraps the data key that there is, and makes none', async () => {
      const aes = rawAes('a');
      const children = [keyring({ keyId: arns[0] }), keyring({ keyId: arns[1] })];
      const both = new Envelope({ keyring: new MultiKeyring({ generator: aes, children }) });
      const message = await both.encrypt('x', { encryptionContext: { a: 'b' } });
      assert.deepEqual(await calls(), [
        `Encrypt ${arns[0]} in eu-west-1`,
        `Encrypt ${arns[1]} in us-east-1`,
      ]);
      assert.equal(new Envelope({ keyring: aes }).decryptSync(message).toString(), 'x');
      assert.equal(String(await both.decrypt(message)), 'x');
      assert.deepEqual(await calls(), [], 'the generator is asked first, and has the key');
      for (const keyId of arns.slice(0, 2)) {
        assert.equal(String(await envelope({ keyId }).decrypt(message)), 'x');
      }
    });

    it('cannot be one that has a generator of its own', async () => {
      const children = [keyring({ keyId: arns[0], additionalKeyIds: [arns[1]] })];
      const both = new Envelope({
        keyring: new MultiKeyring({ generator: rawAes('a'), children }),
      });
      const error = await rejection(both.encrypt('x'), 'INVALID_ARGUMENT');
      assert.match(error.message, /additionalKeyIds/);
      assert.deepEqual(await calls(), []);
    });
  });

  describe('discovery', () => {
    const filter = { partition: 'aws', accountIds: [ACCOUNT] };
    const underKey = (i) => envelope({ keyId: arns[i] }).encrypt(`under ${i}`);

    it('decrypts under the key that the message names, in the Region of that', async () => {
      for (const discovery of [
        true,
        filter,
        { partition: 'aws', accountIds: ['0'.repeat(12), ACCOUNT] },
      ]) {
        const any = envelope({ discovery });
        for (const i of arns.keys()) {
          const message = await underKey(i);
          await calls();
          assert.equal(String(await any.decrypt(message)), `under ${i}`);
          assert.deepEqual(await calls(), [`Decrypt ${arns[i]} in ${REGIONS[i]}`]);
        }
      }
    });

    it('asks for nothing that the filter leaves out', async () => {
      const message = await underKey(0);
      await calls();
      for (const [discovery, named] of [
        [{ partition: 'aws', accountIds: ['111122223333', '444455556666'] }, '444455556666'],
        [{ partition: 'aws-cn', accountIds: [ACCOUNT] }, 'aws-cn'],
      ]) {
        const error = await rejection(envelope({ discovery }).decrypt(message), 'NO_USABLE_KEY');
        assert.ok(error.message.includes(arns[0]) && error.message.includes(named), error.message);
      }
      assert.deepEqual(await calls(), []);
    });

    it('asks in the option `region` alone, if there is one', async () => {
      const [here, there, both] = [
        await underKey(0),
        await underKey(1),
        await several().encrypt('x'),
      ];
      await calls();
      const regional = envelope({ discovery: true, region: 'eu-west-1' });
      assert.equal(String(await regional.decrypt(here)), 'under 0');
      assert.equal(String(await regional.decrypt(both)), 'x');
      const error = await rejection(regional.decrypt(there), 'NO_USABLE_KEY');
      assert.ok(error.message.includes(arns[1]) && error.message.includes('"eu-west-1"'));
      assert.deepEqual(await calls(), Array(2).fill(`Decrypt ${arns[0]} in eu-west-1`));
    });

    it('asks for one data key after the other, and says why each failed', async () => {
      const gone = arns.map(missing);
      const message = edited(await several().encrypt('x'), arns[0], gone[0]);
      const second = edited(message, arns[1], gone[1]);
      await calls();
      const any = envelope({ discovery: true });
      await rejection(any.decrypt(second), 'AUTHENTICATION_FAILED');
      assert.deepEqual(await calls(), [
        `Decrypt ${gone[0]} in eu-west-1`,
        `Decrypt ${gone[1]} in us-east-1`,
        `Decrypt ${arns[2]} in ap-southeast-2`,
      ]);
      const third = edited(second, arns[2], gone[2]);
      const { errors } = await rejection(any.decrypt(third), 'NO_USABLE_KEY');
      const codes = errors.map(({ code }) => code);
      assert.deepEqual(codes, Array(3).fill('ERR_ENVELOPE_KMS_KEY_NOT_FOUND'));
    });

    it('encrypts nothing, and asks nobody', async () => {
      const any = envelope({ discovery: filter });
      for (const call of [() => any.encrypt('x'), () => any.generateDataKey()]) {
        assert.match((await rejection(call(), 'INVALID_ARGUMENT')).message, /keyId/);
      }
      assert.deepEqual(await calls(), []);
    });

    it('unwraps a data key of its Region, unless the filter leaves its key out', async () => {
      const encryptionContext = { purpose: 'test' };
      const made = await envelope({ keyId: arns[0] }).generateDataKey({ encryptionContext });
      await calls();
      const region = 'eu-west-1';
      const any = envelope({ discovery: filter, region });
      const found = await any.decryptDataKey(made.ciphertextBlob, { encryptionContext });
      assert.deepEqual([found.plaintext, found.keyId], [made.plaintext, arns[0]]);
      assert.deepEqual(await calls(), ['Decrypt null in eu-west-1']);
      const accountIds = ['111122223333'];
      const theirs = envelope({ discovery: { partition: 'aws', accountIds }, region });
      const decrypted = theirs.decryptDataKey(made.ciphertextBlob, { encryptionContext });
      const error = await rejection(decrypted, 'NO_USABLE_KEY');
      assert.ok(error.message.includes(arns[0]) && error.message.includes(accountIds[0]));
    });

    it('decrypts as the child of a MultiKeyring', async () => {
      const reader = new Envelope({
        keyring: new MultiKeyring({ children: [rawAes('a'), keyring({ discovery: filter })] }),
      });
      assert.equal(String(await reader.decrypt(await underKey(2))), 'under 2');
      await rejection(reader.encrypt('x'), 'INVALID_ARGUMENT');
    });
  });

  it('refuses a message that names a KMS key by something else, whatever it names beside', async () => {
    const message = await several().encrypt('x');
    await calls();
    for (const wrong of [':kez/', ':key:', ':key\0']) {
      const changed = edited(message, arns[1], arns[1].replace(':key/', wrong));
      for (const options of [{ keyId: arns[0] }, { discovery: true }]) {
        await rejection(envelope(options).decrypt(changed), 'MALFORMED_MESSAGE');
      }
    }
    assert.deepEqual(await calls(), []);
  });
});

/** The ARN of a key that is not there. */
function missing(arn) {
  return arn.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
}

/** The message with another text of the same length in its header. */
function edited(message, from, to) {
  return Buffer.from(message.toString('latin1').replace(from, to), 'latin1');
}
