'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { Readable } = require('node:stream');
const { before, describe, it } = require('node:test');
const { EncryptedS3 } = require('../../integrations/s3');
const { copyObject } = require('../../integrations/s3/copy');
const { ObjectStore } = require('../../integrations/s3/object-store');
const { skipWithout } = require('../support/requirements');
const { place, temporaryBucket } = require('../support/temporary-bucket');

const MEBIBYTE = 1024 * 1024;
const partLength = 5 * MEBIBYTE;

describe('answers of S3 that are lost (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const encryptionContext = { tenant: 'acme' };
  const storage = 'instructionFile';
  const long = randomBytes(partLength + 1000);
  const bucket = temporaryBucket();
  let keyring, envelope, s3, messages, writerV2;
  before(() => {
    ({ keyring, envelope, s3, messages, writerV2 } = bucket);
  });

  const read = async (store, Key) => (await store.get(place(Key), { encryptionContext })).body;
  const isRefused = ({ $metadata }) => $metadata.httpStatusCode === 412;

  /** Loses the first answer to such a request, and lets `meanwhile` run before the client asks again. */
  function lose(name, key, meanwhile = async () => {}) {
    let answers = 0;
    bucket.proxy.fault = (request) => {
      if (request.name !== name || request.key !== key) return undefined;
      answers += 1;
      return answers === 1 ? async () => (await meanwhile(), 'lost') : undefined;
    };
    return () => answers;
  }

  const writers = {
    V3: () => [s3, {}],
    'V3 with an instruction file': () => [s3, { storage }],
    'V2 with an instruction file': () => [writerV2, { storage }],
    'a message': () => [messages, {}],
  };
  for (const [name, writer] of Object.entries(writers)) {
    for (const [amount, Body] of Object.entries({ 'no bytes': '', 'some text': 'text' })) {
      it(`have not kept ${name} of ${amount} from being put where nothing was`, async () => {
        const [store, options] = writer();
        const Key = `${name}/${amount}`;
        const answers = lose('PutObject', Key);
        const input = { ...place(Key), Body, IfNoneMatch: '*' };
        const answer = await store.put(input, { ...options, encryptionContext });
        assert.equal(answers(), 2);
        assert.equal(answer.ETag, (await bucket.stored(Key)).ETag);
        assert.equal(String(await read(store, Key)), Body);
      });
    }
  }

  it('have not kept an object from replacing the one that was meant', async () => {
    const { ETag } = await s3.put({ ...place('replaced'), Body: 'old' }, { encryptionContext });
    lose('PutObject', 'replaced');
    const input = { ...place('replaced'), Body: 'new', IfMatch: ETag };
    await s3.put(input, { encryptionContext });
    assert.equal(String(await read(s3, 'replaced')), 'new');
  });

  it('hide nothing: what another has put meanwhile was not put by this call', async () => {
    const direct = new EncryptedS3({ client: bucket.direct, keyring });
    const other = { ...place('other'), Body: 'text' };
    lose('PutObject', 'other', () => direct.put(other, { encryptionContext }));
    const put = s3.put({ ...place('other'), Body: 'text', IfNoneMatch: '*' });
    await assert.rejects(put, isRefused);
  });

  it('hide nothing: what was cut off meanwhile is not what was put', async () => {
    lose('PutObject', 'cut', async () => {
      const { body } = await bucket.stored('cut');
      await bucket.send('PutObject', { ...place('cut'), Body: body.subarray(0, 100) });
    });
    const put = s3.put({ ...place('cut'), Body: 'x'.repeat(200), IfNoneMatch: '*' });
    await assert.rejects(put, isRefused);
  });

  it('are not looked for where none was', async () => {
    await s3.put({ ...place('there'), Body: 'old' });
    bucket.proxy.reset();
    await assert.rejects(s3.put({ ...place('there'), Body: 'x', IfNoneMatch: '*' }), isRefused);
    assert.deepEqual(
      bucket.proxy.log.map(({ name }) => name),
      ['PutObject'],
    );
  });

  for (const options of [{}, { storage }]) {
    const kind = options.storage ? ' with an instruction file' : '';
    // S3 and others differ in what they say to a second request to complete an upload.
    for (const status of [404, 412]) {
      it(`have not kept parts${kind} from becoming an object, if S3 answers ${status} then`, async () => {
        const Key = `parts/${status}${kind}`;
        let answers = 0;
        bucket.proxy.fault = ({ name }) => {
          if (name !== 'CompleteMultipartUpload') return undefined;
          answers += 1;
          return answers === 1 ? 'lost' : { status };
        };
        const input = { ...place(Key), Body: Readable.from([long]) };
        const answer = await s3.put(input, { ...options, encryptionContext, partLength });
        assert.equal(answers, 2);
        assert.equal(answer.ETag, (await bucket.stored(Key)).ETag);
        assert.ok((await read(s3, Key)).equals(long));
      });
    }
  }

  it('do not make an object of an upload that was ended', async () => {
    await s3.put({ ...place('ended'), Body: 'old' }, { encryptionContext });
    let answers = 0;
    bucket.proxy.fault = ({ name }) =>
      name === 'CompleteMultipartUpload' && (answers++ === 0 ? 'reset' : { status: 404 });
    const input = { ...place('ended'), Body: Readable.from([long]) };
    const put = s3.put(input, { encryptionContext, partLength });
    await assert.rejects(put, ({ $metadata }) => $metadata.httpStatusCode === 404);
    assert.equal(String(await read(s3, 'ended')), 'old');
  });

  it('do not tell of an instruction file as that of another', async () => {
    const answers = lose('PutObject', 'file.instruction');
    const input = { ...place('file'), Body: 'text', IfNoneMatch: '*' };
    await s3.put(input, { encryptionContext, storage });
    assert.equal(answers(), 2);
    assert.equal(String(await read(s3, 'file')), 'text');
  });

  it('do not undo that a data key was wrapped again', async () => {
    await s3.put({ ...place('rewrapped'), Body: 'text' }, { encryptionContext, storage });
    const answers = lose('PutObject', 'rewrapped.instruction');
    const to = await bucket.newKeyring();
    const { ETag } = await s3.rewrapInstructionFile(place('rewrapped'), { encryptionContext, to });
    assert.equal(answers(), 2);
    assert.equal(ETag, (await bucket.stored('rewrapped.instruction')).ETag);
    const after = new EncryptedS3({ client: bucket.client, keyring: to });
    assert.equal(String(await read(after, 'rewrapped')), 'text');
  });

  describe('to copies', () => {
    const limits = { request: 6 * MEBIBYTE, part: 5 * MEBIBYTE };
    const bodies = { short: 'text', long: randomBytes(7 * MEBIBYTE) };
    before(async () => {
      for (const [Key, Body] of Object.entries(bodies)) {
        await s3.put({ ...place(Key), Body }, { encryptionContext, storage });
        await messages.put({ ...place(`${Key}-message`), Body }, { encryptionContext });
      }
    });
    /** Loses the first answer; the second is that of S3 to a condition, which moto does not look at. */
    const loseThen412 = (Key) => {
      let answers = 0;
      bucket.proxy.fault = ({ name, key }) => {
        if (key !== Key || !/^Co(py|mplete)/.test(name)) return undefined;
        answers += 1;
        return answers === 1 ? 'lost' : { status: 412 };
      };
    };
    for (const [length, body] of Object.entries(bodies)) {
      for (const [Key, store] of [
        [length, () => s3],
        [`${length}-message`, () => messages],
      ]) {
        it(`have not kept it from being made of ${Key}, with its instruction file`, async () => {
          const to = `${Key}-copy`;
          const objects = new ObjectStore({ client: bucket.client, keyring, envelope });
          loseThen412(to);
          const input = { ...place(to), IfNoneMatch: '*' };
          await copyObject(objects, place(Key), input, undefined, limits);
          assert.ok((await read(store(), to)).equals(Buffer.from(body)));
        });
      }
    }

    it('hide nothing: what another has put meanwhile is no copy, nor one with other metadata', async () => {
      await s3.put({ ...place('taken'), Body: 'text' }, { encryptionContext, storage });
      await s3.copy(place('short'), place('taken-too'));
      const replacing = { MetadataDirective: 'REPLACE', Metadata: { by: 'me' } };
      for (const [Key, more] of Object.entries({ taken: {}, 'taken-too': replacing })) {
        const { Metadata } = await bucket.stored(Key);
        let answers = 0;
        bucket.proxy.fault = ({ name, key }) =>
          name === 'CopyObject' && key === Key && (answers++ === 0 ? 'reset' : { status: 412 });
        const copy = s3.copy(place('short'), { ...place(Key), ...more, IfNoneMatch: '*' });
        await assert.rejects(copy, isRefused);
        assert.equal(String(await read(s3, Key)), 'text');
        assert.deepEqual((await bucket.stored(Key)).Metadata, Metadata);
      }
    });
  });
});
