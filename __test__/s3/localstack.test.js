'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { after, before, describe, it } = require('node:test');
const { EncryptedS3 } = require('../../integrations/s3');
const { copyObject } = require('../../integrations/s3/copy');
const { ObjectStore } = require('../../integrations/s3/object-store');
const { startLocalStack } = require('../support/localstack');
const { rawAes } = require('../support/raw-aes');
const { skipWithout } = require('../support/requirements');
const { Bucket, s3Client } = require('../support/s3-bucket');

/** What moto takes without a look: conditions of writes, and checksums of parts. */
describe('copies (LocalStack)', { skip: skipWithout('localstack', 'examples') }, () => {
  const MEBIBYTE = 1024 * 1024;
  const keyring = rawAes();
  const storage = 'instructionFile';
  const place = (Key) => ({ Bucket, Key });
  let localstack, client, s3, send;
  before(async () => {
    localstack = await startLocalStack();
    ({ client, send } = s3Client(localstack.endpoint));
    await send('CreateBucket', { Bucket });
    s3 = new EncryptedS3({ client, keyring });
  });
  after(async () => {
    client?.destroy();
    await localstack?.stop();
  });

  const read = async (Key) => (await s3.get(place(Key))).body;

  for (const kept of ['metadata', storage]) {
    it(`replaces metadata and headers, also in place, the data key in the ${kept}`, async () => {
      const input = { ...place(kept), Body: 'text', Metadata: { old: '1' }, ContentType: 'a/b' };
      await s3.put(input, { storage: kept });
      const replacing = { MetadataDirective: 'REPLACE', Metadata: { new: '2' } };
      for (const Key of [kept, `${kept}-copy`]) {
        await s3.copy(place(kept), { ...place(Key), ...replacing, ContentType: 'c/d' });
        const { Metadata, ContentType } = await s3.head(place(Key));
        assert.deepEqual([Metadata.old, Metadata.new, ContentType], [undefined, '2', 'c/d']);
        assert.equal(String(await read(Key)), 'text');
      }
    });
  }

  it('copies by parts, whose checksums must be as announced', async () => {
    const content = randomBytes(7 * MEBIBYTE);
    const given = { Body: content, Metadata: { by: 'me' }, Tagging: 'a=1' };
    await s3.put({ ...place('long'), ...given }, { storage });
    const limits = { request: 6 * MEBIBYTE, part: 5 * MEBIBYTE };
    const store = new ObjectStore({ client, keyring });
    await copyObject(store, place('long'), place('long-copy'), undefined, limits);
    const { encryption, Metadata } = await s3.head(place('long-copy'));
    assert.deepEqual([encryption.plaintextLength, Metadata.by], [content.length, 'me']);
    const { TagSet } = await send('GetObjectTagging', place('long-copy'));
    assert.deepEqual(TagSet, [{ Key: 'a', Value: '1' }]);
  });

  it('rewraps an instruction file only if nobody has written it meanwhile', async () => {
    const options = { to: rawAes() };
    await s3.put({ ...place('raced'), Body: 'text' }, { storage });
    const raced = {
      async send(command, given) {
        if (command.constructor.name === 'PutObjectCommand') {
          await send('PutObject', { ...place('raced.instruction'), Body: 'of another' });
        }
        return client.send(command, given);
      },
    };
    const rewrap = (through) =>
      new EncryptedS3({ client: through, keyring }).rewrapInstructionFile(place('raced'), options);
    await assert.rejects(rewrap(raced), { name: 'PreconditionFailed' });
    await s3.put({ ...place('raced'), Body: 'text' }, { storage });
    await rewrap(client);
    const after = new EncryptedS3({ client, keyring: options.to });
    assert.equal(String((await after.get(place('raced'))).body), 'text');
  });
});
