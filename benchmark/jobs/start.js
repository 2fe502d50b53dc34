'use strict';

// `start.js WHAT [KEY_ARN ENDPOINT]`: loads a package and makes its first call, in a process of its
// own. Prints, as JSON, the nanoseconds of both, and when they had ended since the process began.
const { performance } = require('node:perf_hooks');

const { startClock } = require('../lib/clock');
const { CONTEXT, KEY } = require('../lib/keys');

const [, , party, keyArn, endpoint] = process.argv;
const data = Buffer.from('the first secret');
const options = { encryptionContext: CONTEXT };

const STARTS = {
  'bare node': { load: () => undefined, call: () => undefined },
  'kms-envelope': {
    load: () => require('../..'),
    call: ({ Envelope, RawAesKeyring }) => {
      const { namespace: keyNamespace, name: keyName, bytes: wrappingKey } = KEY;
      const keyring = new RawAesKeyring({ keyNamespace, keyName, wrappingKey });
      return new Envelope({ keyring }).encryptSync(data, options);
    },
  },
  'client-node': {
    load: () => require('@aws-crypto/client-node'),
    call: () => {
      const { clientNode } = require('../peers/client-node');
      return clientNode('our suite, 64 KiB frames').encrypt(data);
    },
  },
  'kms-envelope, KMS': {
    load: () => require('../..'),
    call: ({ AwsKmsKeyring, Envelope }) => {
      const keyring = new AwsKmsKeyring({ keyId: keyArn, endpoint });
      return new Envelope({ keyring }).encrypt(data, options);
    },
  },
  'client-kms and node:crypto': {
    load: () => ({ ...require('@aws-sdk/client-kms'), crypto: require('node:crypto') }),
    call: async ({ GenerateDataKeyCommand, KMSClient, crypto }) => {
      const client = new KMSClient({ endpoint });
      const EncryptionContext = CONTEXT;
      const command = new GenerateDataKeyCommand({
        KeyId: keyArn,
        KeySpec: 'AES_256',
        EncryptionContext,
      });
      const { Plaintext } = await client.send(command);
      const cipher = crypto.createCipheriv('aes-256-gcm', Plaintext, crypto.randomBytes(12));
      return [cipher.update(data), cipher.final(), cipher.getAuthTag()];
    },
  },
  'client-node, KMS': {
    load: () => ({ ...require('@aws-crypto/client-node'), ...require('@aws-sdk/client-kms') }),
    call: ({ CommitmentPolicy, KMS, KmsKeyringNode, buildClient }) => {
      const clientProvider = (region) => new KMS({ region, endpoint });
      const keyring = new KmsKeyringNode({ generatorKeyId: keyArn, clientProvider });
      const { encrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
      return encrypt(keyring, data, { suiteId: 0x0478, ...options });
    },
  },
};

async function main() {
  const { load, call } = STARTS[party];
  const elapsed = startClock();
  const loaded = load();
  const between = elapsed();
  const result = await call(loaded);
  const both = elapsed();
  if (party !== 'bare node' && !result) throw new Error(`${party} gave nothing back`);
  const answer = {
    load: between,
    call: both - between,
    both,
    sinceStart: performance.now() * 1e6,
  };
  console.log(JSON.stringify(answer));
}

main();
