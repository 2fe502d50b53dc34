'use strict';

const assert = require('node:assert/strict');
const { Readable } = require('node:stream');
const { before, describe, it } = require('node:test');
const { EncryptedS3 } = require('../../integrations/s3');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { place, temporaryBucket } = require('../support/temporary-bucket');

describe('instruction files (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const options = { storage: 'instructionFile' };
  const bucket = temporaryBucket();
  let keyring, s3;
  before(() => {
    ({ keyring, s3 } = bucket);
  });

  const put = (Key, Body) => s3.put({ ...place(Key), Body, IfNoneMatch: '*' }, options);
  const read = async (Key) => String((await s3.get(place(Key))).body);
  const isConflict = (error) => {
    assert.equal(error.name, 'ConditionalRequestConflict');
    assert.equal(error.$metadata.httpStatusCode, 409);
    assert.match(error.message, /instruction file, .* `delete`/);
    return true;
  };

  it('of a put that was killed are told apart from an object that exists', async () => {
    // As if the process had ended there.
    bucket.proxy.fault = ({ name, key }) => name === 'PutObject' && key === 'killed' && 'reset';
    const killed = put('killed', 'text');
    await assert.rejects(killed, { code: 'ECONNRESET' });
    bucket.proxy.reset();
    const file = (await bucket.stored('killed.instruction')).body;
    await assert.rejects(put('killed', 'text'), isConflict);
    await assert.rejects(bucket.stored('killed'), { name: 'NoSuchKey' });
    assert.ok((await bucket.stored('killed.instruction')).body.equals(file));
    // As the message and the page say.
    await s3.delete(place('killed'));
    await put('killed', 'text');
    assert.equal(await read('killed'), 'text');
  });

  it('stay those of the writer that is under way, if no object is to be replaced', async () => {
    let second;
    bucket.proxy.fault = ({ name, key }) => {
      if (name !== 'PutObject' || key !== 'two.instruction' || second) return undefined;
      return async () => {
        second = put('two', 'second');
        await second.catch(() => {});
      };
    };
    await put('two', 'first');
    await assert.rejects(second, isConflict);
    assert.equal(await read('two'), 'first');
    await assert.rejects(put('two', 'third'), { name: 'PreconditionFailed' });
    assert.equal(await read('two'), 'first');
  });

  it('are those of the only one of many writers that wins, if no object is to be replaced', async () => {
    const bodies = Array.from({ length: 12 }, (_, i) => `writer ${i}`);
    const outcomes = await Promise.allSettled(bodies.map((body) => put('many', body)));
    const won = bodies.filter((_, i) => outcomes[i].status === 'fulfilled');
    assert.equal(won.length, 1);
    assert.equal(await read('many'), won[0]);
    for (const { reason } of outcomes.filter(({ status }) => status === 'rejected')) {
      assert.ok([409, 412].includes(reason.$metadata.httpStatusCode), reason.stack);
    }
  });

  it('say that they are some, which AWS’s older client for Java asks for', async () => {
    const mark = { 'x-amz-crypto-instr-file': '' };
    await s3.put({ ...place('marked'), Body: 'text' }, options);
    assert.deepEqual((await bucket.stored('marked.instruction')).Metadata, mark);
    await s3.copy(place('marked'), place('marked-copy'));
    assert.deepEqual((await bucket.stored('marked-copy.instruction')).Metadata, mark);
    await s3.rewrapInstructionFile(place('marked-copy'), { to: await bucket.newKeyring() });
    assert.deepEqual((await bucket.stored('marked-copy.instruction')).Metadata, mark);
    const { encryption } = await s3.head(place('marked.instruction'));
    assert.equal(encryption, undefined);
    const copy = s3.copy(place('marked.instruction'), place('copy'));
    const { message } = await rejection(copy, 'MALFORMED_MESSAGE');
    assert.match(message, /neither one of an S3 Encryption Client nor a message/);
    const Metadata = { 'X-Amz-Crypto-Instr-File': '' };
    await rejection(s3.put({ ...place('x'), Body: 'x', Metadata }), 'INVALID_ARGUMENT');
  });

  it('go with their objects although the signal fires between the two', async () => {
    const replace = (signal) =>
      s3.put({ ...place('aborted'), Body: 'new' }, { ...options, signal });
    for (const key of ['aborted.instruction', 'aborted']) {
      await s3.put({ ...place('aborted'), Body: 'old' }, options);
      const controller = new AbortController();
      bucket.proxy.fault = (request) =>
        request.name === 'PutObject' && request.key === key && (() => controller.abort());
      await replace(controller.signal);
      bucket.proxy.reset();
      assert.ok(controller.signal.aborted);
      assert.equal(await read('aborted'), 'new', key);
    }
    await s3.put({ ...place('aborted'), Body: 'old' }, options);
    await rejection(replace(AbortSignal.abort()), 'ABORTED');
    assert.equal(await read('aborted'), 'old');
  });

  it('are those of before where S3 refuses to replace an object', async () => {
    const Tagging = 'a=1';
    const first = { ...place('refused'), Body: 'old', Tagging };
    for (const [name, fault] of Object.entries({ PutObject: 400, CompleteMultipartUpload: 403 })) {
      await s3.put(first, options);
      const { body, Metadata } = await bucket.stored('refused.instruction');
      bucket.proxy.fault = (request) =>
        request.name === name && request.key === 'refused' && { status: fault };
      const Body = name === 'PutObject' ? 'new' : Readable.from([Buffer.alloc(6 * 1024 * 1024)]);
      const put = s3.put(
        { ...place('refused'), Body },
        { ...options, partLength: 5 * 1024 * 1024 },
      );
      await assert.rejects(put, ({ $metadata }) => $metadata.httpStatusCode === fault);
      bucket.proxy.reset();
      assert.equal(await read('refused'), 'old', name);
      const restored = await bucket.stored('refused.instruction');
      assert.ok(restored.body.equals(body));
      assert.deepEqual(restored.Metadata, Metadata);
      const { TagSet } = await bucket.send('GetObjectTagging', place('refused.instruction'));
      assert.deepEqual(TagSet, [{ Key: 'a', Value: '1' }]);
    }
  });

  it('stay those of another writer where S3 refuses to replace an object', async () => {
    await s3.put({ ...place('both'), Body: 'old' }, options);
    const other = new EncryptedS3({ client: bucket.direct, keyring });
    let puts = 0;
    bucket.proxy.fault = ({ name, key }) => {
      if (name !== 'PutObject') return undefined;
      if (key === 'both') return { status: 400 };
      return puts++ === 0 && (() => other.put({ ...place('both'), Body: 'other' }, options));
    };
    const put = s3.put({ ...place('both'), Body: 'new' }, options);
    await assert.rejects(put, ({ $metadata }) => $metadata.httpStatusCode === 400);
    bucket.proxy.reset();
    assert.equal(await read('both'), 'other');
  });

  it('are deleted with their objects although the signal fires between the two', async () => {
    await s3.put({ ...place('deleted'), Body: 'text' }, options);
    const controller = new AbortController();
    bucket.proxy.fault = ({ name, key }) =>
      name === 'DeleteObject' && key === 'deleted' && (() => controller.abort());
    await s3.delete(place('deleted'), { signal: controller.signal });
    bucket.proxy.reset();
    await rejection(s3.delete(place('deleted'), { signal: controller.signal }), 'ABORTED');
    assert.deepEqual(bucket.proxy.log, []);
    assert.deepEqual(await bucket.keys('deleted'), []);
  });
});
