/*
 * The Encryption SDK for JavaScript behind the line protocol of peer.py. It has no required
 * context keys, and does not compare a context with a message's: whoever asks does that.
 */
import { constants } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { KMS } from '@aws-sdk/client-kms';
import sdk from '@aws-crypto/client-node';

// Both read every suite; each writes those that the other may not.
const committing = sdk.buildClient(sdk.CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT);
const older = sdk.buildClient(sdk.CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT);
const operations = { encrypt, decrypt };

const requests = createInterface({ input: process.stdin });
requests.on('line', async (line) => {
  const request = JSON.parse(line);
  const answer = await operations[request.op](request).then(
    (done) => ({ ok: true, ...done }),
    (error) => ({ ok: false, error: `${error.name}: ${error.message}` }),
  );
  process.stdout.write(`${JSON.stringify({ id: request.id, ...answer })}\n`);
});
requests.on('close', () => process.exit());

async function encrypt(request) {
  const suiteId = parseInt(request.suite ?? '0478', 16);
  const client = suiteId >= 0x0400 ? committing : older;
  const options = {
    suiteId,
    encryptionContext: request.encryptionContext ?? {},
    frameLength: request.frameLength,
  };
  return transform(client.encryptStream(keyring(request.keyring), options), request, 'plaintext');
}

async function decrypt(request) {
  return transform(committing.decryptStream(keyring(request.keyring)), request, 'message');
}

async function transform(stream, request, name) {
  let header;
  stream.on('MessageHeader', (seen) => (header = seen));
  const file = request[`${name}File`];
  const bytes = () => Readable.from([Buffer.from(request[name], 'base64')]);
  const source = file ? createReadStream(file) : bytes();
  const pieces = [];
  const sink = request.outFile ? createWriteStream(request.outFile) : collect(pieces);
  await pipeline(source, stream, sink);
  return {
    encryptionContext: { ...header.encryptionContext },
    suite: header.suiteId.toString(16).padStart(4, '0'),
    ...(request.outFile ? {} : { result: Buffer.concat(pieces).toString('base64') }),
  };
}

function collect(pieces) {
  return async (source) => {
    for await (const piece of source) pieces.push(piece);
  };
}

function keyring(spec) {
  return keyrings[spec.type](spec);
}

const keyrings = {
  'raw-aes': ({ namespace, name, wrappingKey }) => {
    const key = Uint8Array.from(Buffer.from(wrappingKey, 'base64'));
    const suite = `AES${key.length * 8}_GCM_IV12_TAG16_NO_PADDING`;
    return new sdk.RawAesKeyringNode({
      keyNamespace: namespace,
      keyName: name,
      unencryptedMasterKey: key,
      wrappingSuite: sdk.RawAesWrappingSuiteIdentifier[suite],
      // Every other Encryption SDK sorts the context so; here it is a choice.
      utf8Sorting: true,
    });
  },

  'raw-rsa': ({ namespace, name, publicKey, privateKey, padding }) =>
    new sdk.RawRsaKeyringNode({
      keyNamespace: namespace,
      keyName: name,
      rsaKey: { publicKey, privateKey },
      ...(padding === 'pkcs1'
        ? { padding: constants.RSA_PKCS1_PADDING }
        : { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: padding.replace('oaep-', '') }),
    }),

  'aws-kms': ({ keyArn, additionalKeyArns = [], multiRegion, endpoint }) => {
    const options = {
      generatorKeyId: keyArn,
      keyIds: additionalKeyArns,
      clientProvider: kmsClients(endpoint),
    };
    if (multiRegion) return sdk.buildAwsKmsMrkAwareStrictMultiKeyringNode(options);
    return new sdk.KmsKeyringNode(options);
  },

  'aws-kms-discovery': ({ region, filter, multiRegion, endpoint }) => {
    const { partition, accountIds: accountIDs } = filter ?? {};
    const options = {
      ...(filter && { discoveryFilter: { partition, accountIDs } }),
      clientProvider: kmsClients(endpoint),
    };
    if (!multiRegion) return new sdk.KmsKeyringNode({ ...options, discovery: true });
    return sdk.buildAwsKmsMrkAwareDiscoveryMultiKeyringNode({ ...options, regions: [region] });
  },

  multi: ({ generator, children = [] }) =>
    new sdk.MultiKeyringNode({
      generator: generator && keyring(generator),
      children: children.map(keyring),
    }),
};

function kmsClients(endpoint) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return (region) => new KMS({ region, endpoint, credentials });
}
