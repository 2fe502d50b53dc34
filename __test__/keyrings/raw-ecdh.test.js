'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { after, before, describe, it } = require('node:test');

const { Envelope, MultiKeyring, RawAesKeyring, RawEcdhKeyring, inspect } = require('../..');
const { CURVES } = require('../support/agreeing-kms');
const { withDataKeys } = require('../support/data-keys');
const { startPeer } = require('../support/peers');
const { rejection, thrown } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');

const encryptionContext = { tenant: 'acme', '\u{1f600}': 'x', '\uff5e': 'y' };
const curveSpec = 'ECC_NIST_P256';
const SPECS = Object.keys(CURVES);

const pairOf = (spec = curveSpec) => crypto.generateKeyPairSync('ec', { namedCurve: CURVES[spec] });
const envelopeOf = (options) =>
  new Envelope({ keyring: new RawEcdhKeyring({ curveSpec, ...options }) });
const spki = (key) => key.export({ type: 'spki', format: 'der' });

describe('RawEcdhKeyring', () => {
  for (const spec of SPECS) {
    const [alice, bob] = [pairOf(spec), pairOf(spec)];
    const of = (options) => envelopeOf({ curveSpec: spec, ...options });
    const fromAlice = of({ privateKey: alice.privateKey, recipientPublicKey: bob.publicKey });
    const fromBob = of({ privateKey: bob.privateKey, recipientPublicKey: alice.publicKey });
    const fromAnybody = of({ recipientPublicKey: bob.publicKey });
    const toBob = of({ privateKey: bob.privateKey });

    it(`with ${spec}, two parties read what either sent the other`, () => {
      for (const [writer, readers] of [
        [fromAlice, [fromAlice, fromBob, toBob]],
        [fromBob, [fromAlice, fromBob, of({ privateKey: alice.privateKey })]],
      ]) {
        const message = writer.encryptSync('hello', { encryptionContext });
        for (const reader of readers) {
          assert.equal(String(reader.decryptSync(message, { encryptionContext })), 'hello');
        }
      }
    });

    it(`with ${spec}, anybody writes to a recipient, who alone reads it`, async () => {
      const message = fromAnybody.encryptSync('hello', { encryptionContext });
      assert.equal(String(toBob.decryptSync(message)), 'hello');
      const other = fromAnybody.encryptSync('hello', { encryptionContext });
      const [one, two] = [message, other].map((it) => inspect(it).encryptedDataKeys[0]);
      assert.equal(one.keyProviderId, 'raw-ecdh');
      assert.equal(one.keyName, two.keyName);
      assert.notDeepEqual(one.keyProviderInfo, two.keyProviderInfo, 'a key pair for each');
      // Between two who know each other, a stranger's message is none.
      await rejection(fromBob.decrypt(message), 'NO_USABLE_KEY');
      const toAlice = of({ privateKey: alice.privateKey });
      await rejection(toAlice.decrypt(message), 'NO_USABLE_KEY');
    });

    it(`with ${spec}, the data key is wrapped byte by byte as the specification says`, async () => {
      const { plaintext, ciphertextBlob } = await fromAlice.generateDataKey({
        encryptionContext: { a: 'b' },
      });
      const secret = crypto.diffieHellman({
        privateKey: bob.privateKey,
        publicKey: alice.publicKey,
      });
      const keys = [alice.publicKey, bob.publicKey].map(compressed);
      assert.deepEqual(unwrapped(ciphertextBlob, secret, spec, keys), plaintext);
    });
  }

  it('says which of its two keys is missing', async () => {
    const { publicKey, privateKey } = pairOf();
    const writer = envelopeOf({ recipientPublicKey: publicKey });
    const message = writer.encryptSync('x');
    assert.match(thrown(() => writer.decryptSync(message), 'NO_USABLE_KEY').message, /privateKey/);
    const { ciphertextBlob } = await writer.generateDataKey();
    const error = await rejection(writer.decryptDataKey(ciphertextBlob), 'NO_USABLE_KEY');
    assert.match(error.message, /raw-ecdh/);
    const reader = envelopeOf({ privateKey });
    assert.match(
      thrown(() => reader.encryptSync('x'), 'INVALID_ARGUMENT').message,
      /recipientPublicKey/,
    );
    await rejection(reader.generateDataKey(), 'INVALID_ARGUMENT');
  });

  it('wraps and unwraps data keys outside of messages', async () => {
    const { publicKey, privateKey } = pairOf();
    const writer = envelopeOf({ recipientPublicKey: publicKey });
    const { plaintext, ciphertextBlob } = await writer.generateDataKey({ encryptionContext });
    const reader = envelopeOf({ privateKey });
    const back = await reader.decryptDataKey(ciphertextBlob, { encryptionContext });
    assert.deepEqual(back.plaintext, plaintext);
    assert.equal(back.keyId, compressed(publicKey).toString('hex'));
    await rejection(reader.decryptDataKey(ciphertextBlob), 'NO_USABLE_KEY');
  });

  it('does not unwrap what was changed, wherever that was', () => {
    const { publicKey, privateKey } = pairOf();
    const reader = envelopeOf({ privateKey });
    const message = envelopeOf({ recipientPublicKey: publicKey }).encryptSync('hello');
    const [{ keyProviderInfo, ciphertext }] = inspect(message).encryptedDataKeys;
    // One byte of each part, by its offset.
    const inProviderInfo = {
      version: 0,
      'length of the recipient': 4,
      recipient: 20,
      'length of the sender': 41,
      'sign of the sender': 42,
      sender: 60,
    };
    const inCiphertext = { salt: 0, commitment: 40, 'encrypted key': 70, tag: -1 };
    const parts = [
      ...Object.values(inProviderInfo).map((at) => ({
        providerInfo: flipped(keyProviderInfo, at),
      })),
      ...Object.values(inCiphertext).map((at) => ({ ciphertext: flipped(ciphertext, at) })),
      { providerInfo: keyProviderInfo.subarray(1) },
      { providerInfo: Buffer.concat([keyProviderInfo, Buffer.alloc(1)]) },
      { ciphertext: ciphertext.subarray(1) },
      { ciphertext: Buffer.alloc(80) },
      { ciphertext: Buffer.alloc(0) },
      { providerId: 'raw-rsa' },
    ];
    for (const part of parts) {
      const whole = { providerId: 'raw-ecdh', providerInfo: keyProviderInfo, ciphertext, ...part };
      thrown(() => reader.decryptSync(withDataKeys(message, [whole])), 'NO_USABLE_KEY');
    }
    const whole = { providerId: 'raw-ecdh', providerInfo: keyProviderInfo, ciphertext };
    assert.equal(String(reader.decryptSync(withDataKeys(message, [whole]))), 'hello');
  });

  it('works beside other keyrings', () => {
    const { publicKey, privateKey } = pairOf();
    const names = { keyNamespace: 'tests', keyName: 'aes' };
    const generator = new RawAesKeyring({ ...names, wrappingKey: crypto.randomBytes(32) });
    const child = new RawEcdhKeyring({ curveSpec, recipientPublicKey: publicKey });
    const keyring = new MultiKeyring({ generator, children: [child] });
    const message = new Envelope({ keyring }).encryptSync('hello');
    assert.equal(String(envelopeOf({ privateKey }).decryptSync(message)), 'hello');
  });

  it('takes keys in PEM, in bytes and with a compressed point', () => {
    const { publicKey, privateKey } = pairOf();
    const pem = (key, type) => key.export({ type, format: 'pem' });
    const reader = envelopeOf({ privateKey: pem(privateKey, 'sec1') });
    const forms = [pem(publicKey, 'spki'), Buffer.from(pem(publicKey, 'spki')), short(publicKey)];
    for (const recipientPublicKey of forms) {
      const message = envelopeOf({ recipientPublicKey }).encryptSync('hello');
      assert.equal(String(reader.decryptSync(message)), 'hello');
    }
  });

  it('says what is wrong with its options', () => {
    const { publicKey, privateKey } = pairOf();
    const other = pairOf('ECC_NIST_P384');
    const secp256k1 = crypto.generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
    const wrong = [
      {},
      { curveSpec: undefined, privateKey },
      { curveSpec: 'P-256', privateKey },
      ...[other, secp256k1, rsa].flatMap((pair) => [
        { privateKey: pair.privateKey },
        { recipientPublicKey: pair.publicKey },
        { privateKey, recipientPublicKey: pair.publicKey },
      ]),
      { privateKey: publicKey },
      { recipientPublicKey: 'no key' },
      // Of a variable that was never set: not the schemas without one's own or the other's key.
      { privateKey, recipientPublicKey: undefined },
      { privateKey: undefined, recipientPublicKey: publicKey },
      { recipientPublicKey: 5 },
      { publicKey },
    ];
    for (const options of wrong) thrown(() => envelopeOf(options), 'INVALID_ARGUMENT');
    const error = thrown(() => envelopeOf({ privateKey: other.privateKey }), 'INVALID_ARGUMENT');
    assert.match(error.message, /private key .* ECC_NIST_P256/);
  });
});

describe('RawEcdhKeyring and Python', { skip: skipWithout('python') }, () => {
  let peer;
  before(() => {
    peer = startPeer('python');
  });
  after(() => peer?.stop());

  for (const spec of SPECS) {
    it(`read each other, with ${spec} and every schema`, async () => {
      const [alice, bob] = [pairOf(spec), pairOf(spec)];
      const schemas = [
        [
          { privateKey: alice.privateKey, recipientPublicKey: bob.publicKey },
          { privateKey: bob.privateKey, recipientPublicKey: alice.publicKey },
        ],
        [{ recipientPublicKey: bob.publicKey }, { privateKey: bob.privateKey }],
      ];
      for (const [writes, reads] of schemas) {
        const [ours, theirs] = [writes, reads].map((keys) =>
          envelopeOf({ curveSpec: spec, ...keys }),
        );
        const message = ours.encryptSync('ours', { encryptionContext });
        const request = { keyring: theirKeyring(spec, reads), encryptionContext, message };
        assert.equal(String((await peer.decrypt(request)).result), 'ours');
        const plaintext = Buffer.from('theirs');
        const written = { keyring: theirKeyring(spec, writes), encryptionContext, plaintext };
        const { result } = await peer.encrypt(written);
        assert.equal(String(theirs.decryptSync(result, { encryptionContext })), 'theirs');
      }
    });
  }
});

function theirKeyring(spec, { privateKey, recipientPublicKey }) {
  return {
    type: 'raw-ecdh',
    curveSpec: spec,
    privateKey: privateKey?.export({ type: 'pkcs8', format: 'pem' }),
    recipientPublicKey: recipientPublicKey && spki(recipientPublicKey).toString('base64'),
  };
}

/** The public key as a compressed point. */
function compressed(publicKey) {
  const { crv, x, y } = publicKey.export({ format: 'jwk' });
  const length = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }[crv];
  const [point, sign] = [x, y].map((text) => Buffer.from(text, 'base64url'));
  return Buffer.concat([
    Buffer.from([2 | (sign.at(-1) & 1)]),
    Buffer.alloc(length - point.length),
    point,
  ]);
}

/** The public key as PEM with a compressed point. */
function short(publicKey) {
  const der = spki(publicKey);
  const head = Buffer.from(der.subarray(0, der.length - 65));
  // Both lengths around the point: that of the whole, and that of the bit string.
  head[1] -= 32;
  head[head.length - 2] -= 32;
  const body = Buffer.concat([head, compressed(publicKey)]).toString('base64');
  return `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`;
}

/** Unwraps a data key for the context { a: "b" } by Node's own functions. */
function unwrapped(blob, secret, spec, [sender, recipient]) {
  const fields = [];
  for (let at = 0; at < blob.length;) {
    const end = at + 2 + blob.readUInt16BE(at);
    fields.push(blob.subarray(at + 2, end));
    at = end;
  }
  const [providerId, info, ciphertext] = fields;
  const length = Buffer.from([0, 0, 0, sender.length]);
  assert.equal(String(providerId), 'raw-ecdh');
  assert.deepEqual(info, Buffer.concat([Buffer.from([1]), length, recipient, length, sender]));
  const fixed = Buffer.concat([
    Buffer.from(`ecdh-key-derivation\0p${spec.slice(-3)}\0HMAC_SHA384\0`),
    sender,
    recipient,
    Buffer.from('\0\x01\0\0\x01\0\x01a\0\x01b', 'latin1'),
  ]);
  const salt = ciphertext.subarray(0, 32);
  const block = (counter) =>
    crypto
      .createHmac('sha384', secret)
      .update(Buffer.from([0, 0, 0, counter]))
      .update(fixed)
      .update(Buffer.from([0]))
      .update(salt)
      .update(Buffer.from([0, 0, 2, 0]))
      .digest();
  const keys = Buffer.concat([block(1), block(2)]);
  assert.deepEqual(ciphertext.subarray(32, 64), keys.subarray(0, 32));
  const decipher = crypto.createDecipheriv('aes-256-gcm', keys.subarray(32, 64), Buffer.alloc(12));
  decipher.setAAD(fixed).setAuthTag(ciphertext.subarray(-16));
  return Buffer.concat([decipher.update(ciphertext.subarray(64, -16)), decipher.final()]);
}

function flipped(bytes, at) {
  const changed = Buffer.from(bytes);
  changed[at < 0 ? bytes.length + at : at] ^= 1;
  return changed;
}
