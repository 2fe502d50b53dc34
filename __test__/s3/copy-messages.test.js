'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { before, describe, it } = require('node:test');
const { copyObject } = require('../../integrations/s3/copy');
const { ObjectStore } = require('../../integrations/s3/object-store');
const { skipWithout } = require('../support/requirements');
const { place, temporaryBucket } = require('../support/temporary-bucket');

const MEBIBYTE = 1024 * 1024;
const HEADERS = {
  CacheControl: 'no-store',
  ContentDisposition: 'attachment; filename="a.txt"',
  ContentEncoding: 'identity',
  ContentLanguage: 'de',
  ContentType: 'text/plain',
  Expires: new Date('2031-05-06T07:08:09Z'),
};
const Metadata = { by: 'me', 'with-dash': 'a b' };
const MARK = { 'kms-envelope': 'message' };

describe(
  'a copy of a message that another program has put (moto)',
  { skip: skipWithout('python', 'examples') },
  () => {
    const limits = { request: 6 * MEBIBYTE, part: 5 * MEBIBYTE };
    const bodies = { 'in one request': Buffer.from('text'), 'by parts': randomBytes(7 * MEBIBYTE) };
    const bucket = temporaryBucket();
    let s3, store;
    before(async () => {
      const { client, keyring, envelope } = bucket;
      s3 = bucket.both;
      store = new ObjectStore({ client, keyring, envelope });
      for (const [Key, body] of Object.entries(bodies)) {
        const input = { ...place(Key), Body: await envelope.encrypt(body), Metadata };
        await bucket.send('PutObject', { ...input, ...HEADERS, Tagging: 'a=1&b=2' });
      }
    });

    const copy = (Key, to) => copyObject(store, place(Key), to, undefined, limits);
    /** Leaves an instruction file beside a place, as whoever replaces an object there does. */
    const leaveFile = async (Key) => {
      await s3.put({ ...place(Key), Body: 'old' }, { storage: 'instructionFile' });
    };

    for (const [way, body] of Object.entries(bodies)) {
      it(`can be read beside an old instruction file, made ${way}`, async () => {
        const to = place(`copy ${way}`);
        await leaveFile(to.Key);
        await copy(way, { ...to, ContentType: 'not/heeded' });
        assert.ok((await s3.get(to)).body.equals(body));
        const { encryption } = await s3.head(to);
        assert.equal(encryption.format, 'message');
      });

      it(`has all that S3 would copy, made ${way}`, async () => {
        const to = place(`kept ${way}`);
        // Without REPLACE, S3 heeds no header of these.
        const given = { ContentType: 'not/heeded', StorageClass: 'STANDARD_IA' };
        await copy(way, { ...to, ...given });
        const { body: stored, ...answer } = await bucket.stored(to.Key);
        assert.ok(stored.equals((await bucket.stored(way)).body));
        assert.deepEqual(answer.Metadata, { ...Metadata, ...MARK });
        for (const [name, value] of Object.entries(HEADERS)) {
          assert.deepEqual(answer[name], value, name);
        }
        assert.equal(answer.StorageClass, 'STANDARD_IA');
        const { TagSet } = await bucket.send('GetObjectTagging', to);
        assert.deepEqual(TagSet, (await bucket.send('GetObjectTagging', place(way))).TagSet);
      });

      it(`has what was given in its place, and can be read, made ${way}`, async () => {
        const to = place(`replaced ${way}`);
        await leaveFile(to.Key);
        const replacing = { MetadataDirective: 'REPLACE', ContentType: 'c/d' };
        await copy(way, { ...to, ...replacing, Metadata: { new: '2' } });
        const { Metadata: own, ContentType, CacheControl } = await bucket.stored(to.Key);
        assert.deepEqual(own, { new: '2', ...MARK });
        assert.deepEqual([ContentType, CacheControl], ['c/d', undefined]);
        assert.ok((await s3.get(to)).body.equals(body));
      });
    }
  },
);
