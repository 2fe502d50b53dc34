'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');
const { after, before, describe, it } = require('node:test');
const { EncryptedS3 } = require('../../integrations/s3');
const { flipLastByte } = require('../support/edits');
const { temporaryFolder } = require('../support/files');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { Bucket } = require('../support/s3-bucket');
const { sha256 } = require('../support/s3-objects');
const { startS3Peer } = require('../support/s3-peer');
const { place, temporaryBucket } = require('../support/temporary-bucket');

const MEBIBYTE = 1024 * 1024;
const SIZES = [0, 1, 16, 17];
/** Tried with one context only; the longer one goes by parts. */
const LONG = [MEBIBYTE + 3, 6 * MEBIBYTE];
const CONTEXTS = {
  'no pairs': {},
  'some pairs': { tenant: 'acme', '': 'empty name', b: '=' },
  'pairs beyond ASCII': { größe: '鍵 🔑', 'ÄMÄZÕÑ S3': '=?UTF-8?Q?x?=', quote: '"\\ \u0001' },
};

const skip = skipWithout('python', 's3-client', 'examples');

describe('AWS’s S3 Encryption Client for Python (moto)', { skip }, () => {
  const folder = temporaryFolder();
  const bodies = new Map();
  let peer, kmsKey, keyring;
  // Before the bucket, which then stops after it.
  after(() => peer?.stop());
  const bucket = temporaryBucket();
  before(() => {
    ({ keyId: kmsKey, keyring } = bucket);
    peer = startS3Peer(bucket.moto.endpoint, Bucket);
    for (const size of [...SIZES, ...LONG]) {
      const body = path.join(folder, String(size));
      const data = randomBytes(size);
      fs.writeFileSync(body, data);
      bodies.set(size, { body, data });
    }
  });

  const sides = {
    V2: { commitmentPolicy: 'forbidEncryptAllowDecrypt' },
    V3: {},
  };
  const bodiesFor = (name) =>
    [...bodies].filter(([size]) => name === 'some pairs' || !LONG.includes(size));
  const open = (format) => new EncryptedS3({ client: bucket.client, keyring, ...sides[format] });

  for (const format of ['V2', 'V3']) {
    for (const [name, context] of Object.entries(CONTEXTS)) {
      for (const storage of ['metadata', 'instructionFile']) {
        it(`reads our ${format} with ${name}, its data key in the ${storage}`, async () => {
          const ours = open(format);
          for (const [size, { data }] of bodiesFor(name)) {
            const Key = `ours/${format}/${name}/${storage}/${size}`;
            const Body = size > MEBIBYTE ? Readable.from([data]) : data;
            const options = { encryptionContext: context, storage, partLength: 5 * MEBIBYTE };
            await ours.put({ Bucket, Key, Body }, options);
            const read = await peer.run({ op: 'get', key: Key, kmsKey, context });
            assert.deepEqual(read, { sha256: sha256(data), length: size }, Key);
          }
        });
      }

      it(`writes ${format} with ${name}, which we read`, async () => {
        const ours = open(format);
        for (const [size, { body, data }] of bodiesFor(name)) {
          const key = `theirs/${format}/${name}/${size}`;
          const op = size > MEBIBYTE + 3 ? 'parts' : 'put';
          await peer.run({ op, key, kmsKey, context, format, body });
          const place = { Bucket, Key: key };
          const { encryption } = await ours.head(place);
          assert.deepEqual(
            [encryption.format, encryption.encryptionContext, encryption.plaintextLength],
            [format, context, size],
          );
          const read = await ours.get(place, { encryptionContext: context });
          assert.ok(read.body.equals(data), key);
        }
      });
    }
  }

  it('reads what we rewrapped, copied and migrated', async () => {
    const { data } = bodies.get(17);
    const context = { tenant: 'größe' };
    const old = open('V2');
    const options = { encryptionContext: context, storage: 'instructionFile' };
    await old.put({ ...place('moved'), Body: data }, options);
    const newEncryptionContext = { tenant: 'ünew' };
    await old.rewrapInstructionFile(place('moved'), {
      encryptionContext: context,
      newEncryptionContext,
    });
    await old.copy(place('moved'), place('moved-copy'));
    const get = (key) => peer.run({ op: 'get', key, kmsKey, context: newEncryptionContext });
    assert.equal((await get('moved-copy')).sha256, sha256(data));
    const reader = new EncryptedS3({
      ...{ client: bucket.client, keyring, commitmentPolicy: 'requireEncryptAllowDecrypt' },
    });
    const migrated = await reader.migrate(place('moved'), { encryptionContext: 'any' });
    assert.equal(migrated.to, 'V3');
    assert.equal((await get('moved')).sha256, sha256(data));
  });

  it('refuses what we refuse: another context, and a changed body', async () => {
    const context = { tenant: 'acme' };
    const place = { Bucket, Key: 'changed' };
    const ours = open('V3');
    await ours.put({ ...place, Body: 'text' }, { encryptionContext: context });
    const get = (given) => peer.run({ op: 'get', key: 'changed', kmsKey, context: given });
    await assert.rejects(get({ tenant: 'other' }), /S3EncryptionClient\w*Error: .*context/i);
    await rejection(
      ours.get(place, { encryptionContext: { tenant: 'other' } }),
      'CONTEXT_MISMATCH',
    );
    assert.equal((await get(context)).length, 4);
    const { body, Metadata } = await bucket.stored('changed');
    await bucket.send('PutObject', { ...place, Body: flipLastByte(body), Metadata });
    await assert.rejects(get(context), /S3EncryptionClientError: .*Failed to decrypt Object/);
    await rejection(ours.get(place, { encryptionContext: context }), 'AUTHENTICATION_FAILED');
  });
});
