'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { Envelope, EnvelopeError, fips, inspect } = require('../..');
const { OURS, bytes, json, keyringOf } = require('../support/vectors');

const POLICY = { commitmentPolicy: 'requireEncryptAllowDecrypt' };
/** Those that derive their key with a salt. */
const APPROVED = [0x0478, 0x0578];

describe('with the FIPS module, messages of other Encryption SDKs', () => {
  const { keys } = json(OURS, 'keys');
  const cases = ['python', 'js', 'rust']
    .flatMap((file) => json(OURS, file).cases)
    .filter(({ result, keyring }) => result === 'ok' && keyring.type !== 'data-key');

  it('are decrypted if their suite and key are approved, and else refused with what to do', async () => {
    assert.equal(fips, true);
    const seen = { read: 0, suite: 0, rsa: 0, aes192: 0 };
    for (const item of cases) {
      const { ciphertext, plaintext } = {
        ciphertext: bytes(OURS, item, 'ciphertext'),
        plaintext: bytes(OURS, item, 'plaintext'),
      };
      const decrypt = async () => {
        const envelope = new Envelope({ keyring: keyringOf(item.keyring, keys), ...POLICY });
        return envelope.decrypt(ciphertext, { encryptionContext: item.encryption_context });
      };
      const kind = kindOf(item, ciphertext);
      seen[kind]++;
      if (kind === 'read') {
        assert.ok(plaintext.equals(await decrypt()), item.id);
      } else {
        await assert.rejects(decrypt(), { code: 'ERR_ENVELOPE_NOT_APPROVED' }, item.id);
      }
    }
    for (const [kind, count] of Object.entries(seen)) assert.ok(count > 2, `${kind}: ${count}`);
  });

  it('keep their faults, too', async () => {
    const faulty = json(OURS, 'negative').cases.filter((item) => {
      const { keyring, result, commitment_policy: policy, max_encrypted_data_keys: max } = item;
      return keyring.type === 'raw-aes' && result === 'fail' && !policy && !max;
    });
    const codes = new Map();
    for (const item of faulty) {
      const decrypt = async () => {
        const envelope = new Envelope({ keyring: keyringOf(item.keyring, keys), ...POLICY });
        return envelope.decrypt(bytes(OURS, item, 'ciphertext'), {
          encryptionContext: item.encryption_context,
        });
      };
      await assert.rejects(decrypt(), (error) => {
        codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
        return error instanceof EnvelopeError;
      });
    }
    // Not all are refused for their suite: tags, commitments and signatures are verified.
    assert.ok(codes.get('ERR_ENVELOPE_AUTHENTICATION_FAILED') > 50, String([...codes]));
  });

  /** What becomes of a message: read, or refused because of its suite or of the key. */
  function kindOf({ keyring }, ciphertext) {
    const parts = keyring.type === 'multi' ? [keyring.generator, ...keyring.children] : [keyring];
    const all = parts.filter(Boolean);
    if (all.some(({ type }) => type === 'raw-rsa')) return 'rsa';
    if (all.some(({ key }) => keys[key].hex.length === 48)) return 'aes192';
    return APPROVED.includes(Number(inspect(ciphertext).algorithmSuite.id)) ? 'read' : 'suite';
  }
});
