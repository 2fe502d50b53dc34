'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const { AwsKmsKeyring, CustomKeyring, LocalKeyring, MultiKeyring } = require('../..');
const { RawAesKeyring, RawRsaKeyring } = require('../..');

const PADDINGS = ['oaep-sha256', 'oaep-sha384', 'oaep-sha512', 'oaep-sha1', 'pkcs1'];
const KMS_ONCE_IN = 40;
const MULTI_ONCE_IN = 5;

/**
 * A keyring, with what the other modules need to know of it.
 *
 * @typedef {object} Key
 * @property {string} name
 * @property {import('../..').Keyring} keyring
 * @property {boolean} callsService whether it calls a key service, so that synchronous calls need a cache
 * @property {object} [peer] its description for peers; without this no peer can use it
 * @property {string} [keyId] its id for the functions of the module
 * @property {Key[]} parts the keys of which each one alone reads its messages
 */

/**
 * Returns the keys of one run. Their bytes are new in each run; the seed decides which of them a case takes.
 *
 * @param {string} folder where the key files are
 * @param {{ endpoint: string, arn: string } | undefined} kms
 */
function makeKeys(folder, kms) {
  const pairs = [rsaPair(), rsaPair()];
  const local = [16, 24, 32].flatMap((length) => [rawAes(length, 1), rawAes(length, 2)]);
  const single = [
    ...local,
    ...PADDINGS.map((padding, i) => rawRsa(padding, pairs[i % 2])),
    ...[1, 2].map((number) => localFile(path.join(folder, `${number}.key`))),
    custom(1),
    custom(2),
  ];
  const service = kms && awsKms(kms);
  const one = (random) => (service && random.onceIn(KMS_ONCE_IN) ? service : random.pick(single));
  return {
    /** Returns one key, or several in a multi-keyring. */
    random(random) {
      if (!random.onceIn(MULTI_ONCE_IN)) return one(random);
      const several = random.shuffled(single).slice(0, random.between(1, 4));
      return multi(random.onceIn(KMS_ONCE_IN / 4) ? [one(random), ...several] : several);
    },
    /** Returns a key that cannot read the messages of `key`. */
    other: (key) => single.find((found) => found !== key && !key.parts.includes(found)),
  };
}

function rawAes(length, number) {
  const [name, wrappingKey] = [`${length * 8} bits, ${number}`, crypto.randomBytes(length)];
  const keyring = new RawAesKeyring({ keyNamespace: 'raw AES', keyName: name, wrappingKey });
  return single(`raw AES of ${name}`, keyring, { peer: aesPeer('raw AES', name, wrappingKey) });
}

function rawRsa(padding, pair) {
  const options = { keyNamespace: 'raw RSA', keyName: padding, ...pair, padding };
  const peer = { type: 'raw-rsa', namespace: 'raw RSA', name: padding, ...pair, padding };
  return single(`raw RSA with ${padding}`, new RawRsaKeyring(options), { peer });
}

function rsaPair() {
  return crypto.generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

function localFile(file) {
  const keyring = LocalKeyring.generate(file);
  const [, keyName, hex] = fs.readFileSync(file, 'utf8').trimEnd().split('\n').at(-1).split(' ');
  const peer = aesPeer('kms-envelope-local', keyName, Buffer.from(hex, 'hex'));
  return single('local file', keyring, { peer, keyId: `local:${file}` });
}

/** Returns a key service of the test's own: AES-GCM, with the context as additional data. */
function custom(number) {
  const key = crypto.randomBytes(32);
  const bound = (context) => JSON.stringify(Object.entries(context).sort());
  const keyring = new CustomKeyring({
    providerId: 'differential',
    async wrapDataKey({ dataKey, encryptionContext }) {
      const nonce = crypto.randomBytes(12);
      const cipher = crypto.createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.from(bound(encryptionContext)));
      const wrapped = Buffer.concat([cipher.update(dataKey), cipher.final()]);
      const ciphertext = Buffer.concat([nonce, wrapped, cipher.getAuthTag()]);
      return { ciphertext, keyName: `custom ${number}` };
    },
    async unwrapDataKey({ ciphertext, keyName, encryptionContext }) {
      if (keyName !== `custom ${number}`) return undefined;
      const cipher = crypto.createDecipheriv('aes-256-gcm', key, ciphertext.subarray(0, 12));
      cipher.setAAD(Buffer.from(bound(encryptionContext)));
      cipher.setAuthTag(ciphertext.subarray(-16));
      return Buffer.concat([cipher.update(ciphertext.subarray(12, -16)), cipher.final()]);
    },
  });
  return single(`custom ${number}`, keyring, { callsService: true });
}

function awsKms({ endpoint, arn }) {
  const keyring = new AwsKmsKeyring({ keyId: arn, endpoint });
  const peer = { type: 'aws-kms', keyArn: arn, endpoint };
  return single('AWS KMS', keyring, { peer, callsService: true });
}

/** Returns a multi-keyring of several keys. */
function multi(parts) {
  const [generator, ...children] = parts;
  const keyring = new MultiKeyring({
    generator: generator.keyring,
    children: children.map((child) => child.keyring),
  });
  const peers = parts.map(({ peer }) => peer);
  const peer = { type: 'multi', generator: peers[0], children: peers.slice(1) };
  return {
    name: `several: ${parts.map(({ name }) => name).join(', ')}`,
    keyring,
    callsService: parts.some(({ callsService }) => callsService),
    peer: peers.includes(undefined) ? undefined : peer,
    parts,
  };
}

/** @returns {Key} */
function single(name, keyring, { callsService = false, peer = undefined, keyId = undefined }) {
  const key = { name, keyring, callsService, peer, keyId, parts: [] };
  key.parts.push(key);
  return key;
}

function aesPeer(namespace, name, wrappingKey) {
  return { type: 'raw-aes', namespace, name, wrappingKey: wrappingKey.toString('base64') };
}

module.exports = { makeKeys };
