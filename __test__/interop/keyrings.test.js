'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { after, before, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope, MultiKeyring, RawAesKeyring, inspect } = require('../..');
const { same } = require('../support/files');
const { startMoto } = require('../support/moto');
const { startPeer } = require('../support/peers');
const { rejection } = require('../support/rejects');
const { startReplicaKms } = require('../support/replica-kms');
const { skipWithout } = require('../support/requirements');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const REGIONS = ['eu-west-1', 'us-east-1', 'ap-southeast-2'];
/** That of a moto of one's own. */
const ACCOUNT = '123456789012';
// One account: with more, the discovery keyring for Python finds no key.
const FILTER = { partition: 'aws', accountIds: [ACCOUNT] };
const STRANGERS = { partition: 'aws', accountIds: ['111122223333'] };
/** What the peers say of a message that no key of theirs opens. */
const NO_KEY = {
  python: /No Encrypted Data Keys found to match/,
  javascript: /unencryptedDataKey has not been set/,
};
const encryptionContext = { tenant: 'acme', grüße: '\u{1f600}' };
const plaintext = crypto.randomBytes(100_000);
/** What a peer finds in each message that it reads. */
const READ = { isPlaintext: true, encryptionContext };

const needs = { skip: skipWithout('python', 'peers') };

for (const name of ['python', 'javascript']) {
  describe(`the keyrings of the Encryption SDK for ${name}`, needs, () => {
    let moto;
    let replicas;
    let peer;
    let arns;

    before(async () => {
      peer = startPeer(name);
      [moto, replicas] = await Promise.all([startMoto({ shared: false }), startReplicaKms()]);
      const keys = await Promise.all(REGIONS.map((region) => moto.createKey({ region })));
      arns = keys.map(({ arn }) => arn);
    });
    after(() => Promise.all([moto?.stop(), replicas?.stop(), peer?.stop()]));

    describe('a multi-keyring of KMS and raw AES', () => {
      const aes = rawAes('ours and theirs');
      const parts = () => [kms({ keyId: arns[0] }), aes];
      const kmsFirst = () => multi(...parts());
      const aesFirst = () => multi(...parts().reverse());

      for (const [kind, make] of Object.entries({ 'KMS first': kmsFirst, 'AES first': aesFirst })) {
        it(`of ours writes what theirs and each part of it reads: ${kind}`, async () => {
          const message = await encryptByUs(make());
          for (const reader of [...parts(), kmsFirst(), aesFirst()]) {
            assert.deepEqual(await decryptByPeer(reader, message), READ);
          }
        });

        it(`of theirs writes what ours and each part of it reads: ${kind}`, async () => {
          const message = await encryptByPeer(make());
          for (const reader of [...parts(), kmsFirst(), aesFirst()]) {
            same(await decryptByUs(reader, message), plaintext);
          }
        });
      }
    });

    describe('a KMS keyring of several keys', () => {
      const several = () => kms({ keyId: arns[0], additionalKeyIds: arns.slice(1) });
      const readers = () => [several(), ...arns.map((keyId) => kms({ keyId }))];

      it('of ours writes what theirs reads under each key', async () => {
        const message = await encryptByUs(several());
        assert.deepEqual(keyNames(message), arns);
        for (const reader of readers()) {
          assert.deepEqual(await decryptByPeer(reader, message), READ);
        }
      });

      it('of theirs writes what ours reads under each key', async () => {
        const message = await encryptByPeer(several());
        // Python holds them as a set.
        assert.deepEqual(keyNames(message).sort(), arns.toSorted());
        for (const reader of readers()) same(await decryptByUs(reader, message), plaintext);
      });
    });

    describe('a discovery keyring', () => {
      it('reads what the other wrote, unless its filter leaves out the key', async () => {
        for (const [i, keyId] of arns.entries()) {
          const ours = await encryptByUs(kms({ keyId }));
          const theirs = await encryptByPeer(kms({ keyId }));
          for (const filter of [undefined, FILTER]) {
            const reader = discovery({ filter, region: REGIONS[i] });
            assert.deepEqual(await decryptByPeer(reader, ours), READ);
            same(await decryptByUs(reader, theirs), plaintext);
            same(await decryptByUs(discovery({ filter }), theirs), plaintext);
          }
          const stranger = discovery({ filter: STRANGERS, region: REGIONS[i] });
          await assert.rejects(decryptByPeer(stranger, ours), NO_KEY[name]);
          await rejection(decryptByUs(stranger, theirs), 'NO_USABLE_KEY');
        }
      });
    });

    describe('multi-Region keys', () => {
      const [here, there] = ['eu-west-1', 'us-east-1'].map(
        (region) => `arn:aws:kms:${region}:${ACCOUNT}:key/mrk-4321abcd12ab34cd56ef1234567890ab`,
      );
      const multiRegion = true;
      const related = (options) => kms({ multiRegion, ...options }, replicas);

      it('of one Region read what those of another Region wrote', async () => {
        const ours = await encryptByUs(related({ keyId: there }));
        const theirs = await encryptByPeer(related({ keyId: there }));
        const readers = [
          related({ keyId: here }),
          discovery({ multiRegion, region: 'eu-west-1', filter: FILTER }, replicas),
        ];
        for (const reader of readers) {
          replicas.calls.length = 0;
          assert.deepEqual(await decryptByPeer(reader, ours), READ);
          same(await decryptByUs(reader, theirs), plaintext);
          assert.deepEqual(replicas.calls, Array(2).fill(`Decrypt ${here} in eu-west-1`));
        }
      });

      it('read only what they themselves wrote without `multiRegion`', async () => {
        const ours = await encryptByUs(related({ keyId: there }));
        const theirs = await encryptByPeer(related({ keyId: there }));
        const reader = kms({ keyId: here }, replicas);
        replicas.calls.length = 0;
        await assert.rejects(decryptByPeer(reader, ours), NO_KEY[name]);
        await rejection(decryptByUs(reader, theirs), 'NO_USABLE_KEY');
        assert.deepEqual(replicas.calls, []);
      });
    });

    /** One KMS keyring, as ours and as the peers' description. */
    function kms({ keyId, additionalKeyIds = [], multiRegion = false }, { endpoint } = moto) {
      const theirs = {
        keyArn: keyId,
        additionalKeyArns: additionalKeyIds,
        multiRegion,
        endpoint,
      };
      return {
        ours: new AwsKmsKeyring({ keyId, additionalKeyIds, multiRegion, endpoint }),
        theirs: { type: 'aws-kms', ...theirs },
      };
    }

    function discovery({ filter, ...options }, { endpoint } = moto) {
      const shared = { ...options, endpoint };
      return {
        ours: new AwsKmsKeyring({ discovery: filter ?? true, ...shared }),
        theirs: { type: 'aws-kms-discovery', ...(filter && { filter }), ...shared },
      };
    }

    function encryptByUs({ ours: keyring }) {
      return new Envelope({ keyring }).encrypt(plaintext, { encryptionContext });
    }

    async function encryptByPeer({ theirs: keyring }) {
      return (await peer.encrypt({ keyring, plaintext, encryptionContext })).result;
    }

    function decryptByUs({ ours: keyring }, message) {
      return new Envelope({ keyring }).decrypt(message, { encryptionContext });
    }

    async function decryptByPeer({ theirs: keyring }, message) {
      const { result, encryptionContext: stored } = await peer.decrypt({ keyring, message });
      return { isPlaintext: result.equals(plaintext), encryptionContext: stored };
    }
  });
}

function multi(generator, child) {
  return {
    ours: new MultiKeyring({ generator: generator.ours, children: [child.ours] }),
    theirs: { type: 'multi', generator: generator.theirs, children: [child.theirs] },
  };
}

function rawAes(keyName) {
  const wrappingKey = crypto.randomBytes(32);
  const [keyNamespace, base64] = ['tests', wrappingKey.toString('base64')];
  return {
    ours: new RawAesKeyring({ keyNamespace, keyName, wrappingKey }),
    theirs: { type: 'raw-aes', namespace: keyNamespace, name: keyName, wrappingKey: base64 },
  };
}

function keyNames(message) {
  return inspect(message).encryptedDataKeys.map(({ keyName }) => keyName);
}
