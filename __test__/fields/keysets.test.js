'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { Keyset } = require('../..');
const { rejection, thrown } = require('../support/rejects');

describe('a keyset', () => {
  it('decrypts nothing of a key that is disabled, until that is enabled again', () => {
    const keyset = Keyset.generate('AES256_GCM');
    const sealed = keyset.encrypt('text', 'place');
    const { primaryKeyId: first } = keyset;
    keyset.promote(keyset.addKey('AES256_GCM'));
    assert.equal(String(keyset.decrypt(sealed, 'place')), 'text');
    keyset.disable(first);
    assert.deepEqual(
      keyset.keys().map(({ enabled }) => enabled),
      [false, true],
    );
    thrown(() => keyset.decrypt(sealed, 'place'), 'NO_USABLE_KEY');
    keyset.enable(first);
    assert.equal(String(keyset.decrypt(sealed, 'place')), 'text');
  });

  it('that is encrypted under another is bound to the associated data', async () => {
    const keyring = Keyset.generate('AES256_GCM');
    const keyset = Keyset.generate('AES256_SIV');
    for (const form of ['tink-encrypted-binary', 'tink-encrypted-json']) {
      const associatedData = 'place';
      const bytes = await keyset.export({ to: form, keyring, associatedData });
      const back = await Keyset.import(bytes, { from: form, keyring, associatedData });
      assert.deepEqual(back.keys(), keyset.keys());
      for (const wrong of [undefined, 'elsewhere']) {
        const read = Keyset.import(bytes, { from: form, keyring, associatedData: wrong });
        await rejection(read, 'AUTHENTICATION_FAILED');
      }
    }
  });
});
