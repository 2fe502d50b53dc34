'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');

const {
  AwsKmsKeyring,
  Envelope,
  EnvelopeError,
  Fields,
  FolderKeysetStore,
  Keyset,
} = require('../..');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { keyring } = require('./envelopes');

const TYPES = ['AES128_GCM', 'AES256_GCM_SIV', 'AES256_SIV', 'HMAC_SHA256_PRF'];

async function keysets() {
  const kek = Keyset.generate('AES256_GCM');
  for (const type of TYPES) {
    const keyset = Keyset.generate(type);
    const id = keyset.addKey(type);
    keyset.promote(id);
    const [old] = keyset.keys();
    keyset.disable(old.id);
    keyset.enable(old.id);
    keyset.disable(old.id);
    for (const form of ['tink-json', 'tink-binary']) {
      const clear = await keyset.export({ to: form });
      use(await Keyset.import(clear, { from: form }));
      await assert.rejects(Keyset.import(clear.subarray(1), { from: form }), EnvelopeError);
      const wrapped = { keyring: kek, associatedData: 'a' };
      const to = form.replace('-', '-encrypted-');
      use(await Keyset.import(await keyset.export({ to, ...wrapped }), { from: to, ...wrapped }));
    }
    keyset.destroyKey(old.id);
  }
  await refusedByKms(kek);
}

async function refusedByKms(keyset) {
  const server = await startFakeKms(() => refusal('AccessDeniedException'));
  const arn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const kms = new AwsKmsKeyring({ keyId: arn, endpoint: server.endpoint, maxAttempts: 1 });
  const options = { keyring: kms, associatedData: 'a' };
  const form = 'tink-encrypted-binary';
  const wrapped = await keyset.export({ to: form, keyring: keyset });
  await assert.rejects(keyset.export({ to: form, ...options }), EnvelopeError);
  await assert.rejects(Keyset.import(wrapped, { from: form, ...options }), EnvelopeError);
  await server.stop();
}

function use(keyset) {
  const data = new Uint8Array(33);
  if (keyset.primitive === 'prf') return assert.equal(keyset.prf(data, 31).length, 31);
  const [encrypt, decrypt] =
    keyset.primitive === 'aead'
      ? ['encrypt', 'decrypt']
      : ['encryptDeterministic', 'decryptDeterministic'];
  const sealed = Buffer.from(keyset[encrypt](data, 'aad'));
  assert.equal(keyset[decrypt](sealed, 'aad').length, 33);
  sealed[sealed.length - 1] ^= 1;
  assert.throws(() => keyset[decrypt](sealed, 'aad'), EnvelopeError);
}

async function columns(folder) {
  const store = new FolderKeysetStore(path.join(folder, 'keysets'));
  const envelope = new Envelope({ keyring });
  const fields = await Fields.open({
    envelope,
    store,
    tenant: 'acme',
    create: true,
    refreshMs: 10,
  });
  for (const deterministic of [false, true]) {
    const column = fields.column({
      table: 't',
      column: 'c',
      type: 'text',
      deterministic,
      index: {},
    });
    const options = deterministic ? {} : { row: 7 };
    const sealed = column.encrypt('ada', options);
    assert.equal(column.decrypt(sealed, options), 'ada');
    assert.throws(() => column.decrypt(sealed.subarray(1), options), EnvelopeError);
    const many = column.encryptMany(['a', null, 'b']);
    assert.deepEqual(column.decryptMany(many), ['a', null, 'b']);
    assert.throws(() => column.decryptMany([many[0].subarray(1)]), EnvelopeError);
    assert.equal(column.indexes('ada')[0].length, column.index('ada').length);
  }
  const from = [{ kind: 'plaintext' }];
  const moved = fields.column({ table: 't', column: 'c', type: 'text', from });
  assert.equal(moved.decrypt(Buffer.from('plain')), 'plain');
  const id = await fields.addKey();
  await fields.promote(id, { force: true });
  await fields.refresh();
  use(fields.keyset());
  fields.close();
  const again = await Fields.open({ envelope, store, tenant: 'acme' });
  assert.equal(again.keys().length, 4);
  await again.destroy();
}

module.exports = { columns, keysets };
