'use strict';

const assert = require('node:assert/strict');

const {
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  KMSClient,
} = require('@aws-sdk/client-kms');
const { AwsKmsKeyring, Envelope } = require('../..');
const { CONTEXT } = require('../lib/keys');
const { withKms } = require('../lib/kms');
const { inFlight, inRounds, sequential } = require('../lib/rounds');

const WIDTH = 16;
const data = Buffer.from('a secret of a few words');

/** Calls of KMS that carry a key or a secret, one after another and 16 in flight, at an emulator. */
async function kmsCalls({ quick }) {
  return withKms(async ({ keyArn, endpoint, env }) => {
    Object.assign(process.env, env);
    const ours = await operationsOfOurs(keyArn, endpoint);
    const theirs = await operationsOfTheirs(keyArn, endpoint);
    const groups = [];
    for (const operation of Object.keys(ours)) {
      const sides = {};
      for (const [party, operations] of Object.entries({
        'kms-envelope': ours,
        'client-kms': theirs,
      })) {
        sides[party] = sequential(operations[operation]);
        sides[`${party}, ${WIDTH} in flight`] = inFlight(operations[operation], WIDTH);
      }
      groups.push({ name: operation, sides: await inRounds(sides, { quick }) });
      for (const [party, operations] of Object.entries({
        'kms-envelope': ours,
        'client-kms': theirs,
      })) {
        const figures = { [party]: await processorTime(operations[operation]) };
        groups.push({ name: `${operation}, processor time of ${party}`, figures });
      }
    }
    return groups;
  });
}

async function operationsOfOurs(keyId, endpoint) {
  const envelope = new Envelope({ keyring: new AwsKmsKeyring({ keyId, endpoint }) });
  const options = { encryptionContext: CONTEXT };
  const { ciphertextBlob } = await envelope.encryptDirect(data, options);
  const { plaintext } = await envelope.decryptDirect(ciphertextBlob, options);
  assert.deepEqual(plaintext, data);
  return {
    GenerateDataKey: () => envelope.generateDataKey(options),
    Encrypt: () => envelope.encryptDirect(data, options),
    Decrypt: () => envelope.decryptDirect(ciphertextBlob, options),
  };
}

async function operationsOfTheirs(KeyId, endpoint) {
  const client = new KMSClient({ endpoint });
  const EncryptionContext = CONTEXT;
  const encrypt = () =>
    client.send(new EncryptCommand({ KeyId, Plaintext: data, EncryptionContext }));
  const { CiphertextBlob } = await encrypt();
  const decrypt = () =>
    client.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext }));
  assert.deepEqual(Buffer.from((await decrypt()).Plaintext), data);
  const KeySpec = 'AES_256';
  return {
    GenerateDataKey: () =>
      client.send(new GenerateDataKeyCommand({ KeyId, KeySpec, EncryptionContext })),
    Encrypt: encrypt,
    Decrypt: decrypt,
  };
}

/** Returns what a call costs this process, whatever the emulator takes: nanoseconds. */
async function processorTime(call, count = 200) {
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) await call();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / count;
}

module.exports = { kmsCalls };
