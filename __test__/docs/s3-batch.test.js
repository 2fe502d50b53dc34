'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { pathToFileURL } = require('node:url');
const { promisify } = require('node:util');

const { flipLastByte } = require('../support/edits');
const { nodeBinary } = require('../support/nodes');
const { requireOrSkip, skipWithout } = require('../support/requirements');
const { Bucket } = require('../support/s3-bucket');
const { temporaryBucket } = require('../support/temporary-bucket');

const ROOT = path.join(__dirname, '..', '..');
const HANDLER = path.join(ROOT, 'examples', 's3-batch', 'handler.ts');
/** Sends each event of its argument to the handler, with so much time left, and prints the answers. */
const LAMBDA = `
  const { handler } = await import(process.argv[1]);
  for (const { remaining = 60_000, ...event } of JSON.parse(process.argv[2])) {
    console.log(JSON.stringify(await handler(event, { getRemainingTimeInMillis: () => remaining })));
  }`;
const encryptionContext = { tenant: 'acme' };

describe('examples/s3-batch (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const node = nodeBinary(24);
  const ready = (t) => requireOrSkip(t, node, 'Node.js 24: run `node scripts/prepare.js peers`');
  const bucket = temporaryBucket();
  let keyId, writer, reader;
  before(() => {
    ({ keyId, writerV2: writer, s3: reader } = bucket);
  });

  const put = (Key, options) =>
    writer.put({ Bucket, Key, Body: 'text' }, { encryptionContext, ...options });
  const read = async (Key) =>
    String((await reader.get({ Bucket, Key }, { encryptionContext })).body);

  /** The answers of the handler, which runs as in Lambda: one process for all events. */
  async function invoke(events, env = {}) {
    const { stdout } = await promisify(execFile)(
      node,
      ['--input-type=module', '-e', LAMBDA, pathToFileURL(HANDLER).href, JSON.stringify(events)],
      {
        env: {
          ...process.env,
          ...{ KEY_ID: keyId, AWS_REGION: 'us-east-1', AWS_MAX_ATTEMPTS: '1' },
          ...{ AWS_ENDPOINT_URL_KMS: bucket.moto.endpoint },
          AWS_ENDPOINT_URL_S3: bucket.proxy.endpoint,
          ...env,
        },
        timeout: 60_000,
      },
    );
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  /** As S3 sends them. */
  const v1 = (...keys) => ({
    ...{ invocationSchemaVersion: '1.0', invocationId: 'one', job: { id: 'job' } },
    tasks: keys.map(([taskId, s3Key]) => ({
      ...{ taskId, s3Key, s3VersionId: null, s3BucketArn: `arn:aws:s3:::${Bucket}` },
    })),
  });
  const v2 = (...keys) => ({
    ...{ invocationSchemaVersion: '2.0', invocationId: 'two' },
    job: { id: 'job', userArguments: { any: 'thing' } },
    tasks: keys.map(([taskId, s3Key, s3VersionId = null]) => ({
      ...{ taskId, s3Key, s3VersionId, s3Bucket: Bucket },
    })),
  });
  const codes = ({ results }) =>
    Object.fromEntries(results.map((one) => [one.taskId, one.resultCode]));

  it('answers each task of either schema, and a second time as well', async (t) => {
    if (!ready(t)) return;
    await put('a b/ü+%.txt');
    await put('with-file', { storage: 'instructionFile' });
    await put('changed');
    const { body, Metadata } = await bucket.stored('changed');
    const changed = { Bucket, Key: 'changed', Body: flipLastByte(body), Metadata };
    await bucket.send('PutObject', changed);
    const first = v1(['1', 'a+b/%C3%BC%2B%25.txt'], ['2', 'missing']);
    const second = v2(['3', 'with-file'], ['4', 'changed'], ['5', 'with-file.instruction']);
    const [one, two, again] = await invoke([first, second, first]);
    assert.deepEqual(one, {
      ...{ invocationSchemaVersion: '1.0', treatMissingKeysAs: 'TemporaryFailure' },
      invocationId: 'one',
      results: [
        { taskId: '1', resultCode: 'Succeeded', resultString: 'migrated: V2 -> V3' },
        { ...one.results[1], taskId: '2', resultCode: 'PermanentFailure' },
      ],
    });
    assert.match(one.results[1].resultString, /^NotFound/);
    assert.equal(two.invocationSchemaVersion, '2.0');
    assert.deepEqual([codes(two)['3'], codes(two)['4']], ['Succeeded', 'PermanentFailure']);
    assert.match(two.results[1].resultString, /^ERR_ENVELOPE_AUTHENTICATION_FAILED: /);
    assert.equal(again.results[0].resultString, 'unchanged: V3 -> V3');
    assert.equal(await read('a b/ü+%.txt'), 'text');
    assert.equal(await read('with-file'), 'text');
    assert.ok((await bucket.stored('changed')).body.equals(changed.Body));
  });

  const temporary = {
    throttled: () => ({ status: 503 }),
    'too-many': () => ({ status: 429 }),
    reset: ({ name }) => name === 'GetObject' && 'reset',
    'not-written': ({ name }) => name === 'PutObject' && { status: 500 },
    raced: ({ name }) => name === 'PutObject' && { status: 412 },
  };
  const permanent = { forbidden: ({ name }) => name === 'PutObject' && { status: 403 } };

  it('says what may be sent again and what may not, and leaves those objects', async (t) => {
    if (!ready(t)) return;
    const faults = { ...temporary, ...permanent };
    const keys = [...Object.keys(faults), 'no-time'];
    const old = new Map();
    for (const key of keys) {
      await put(key);
      old.set(key, (await bucket.stored(key)).ETag);
    }
    bucket.proxy.fault = (request) => faults[request.key]?.(request);
    const all = v2(...Object.keys(faults).map((key) => [key, key]), ['not-a-key', '%']);
    const noTime = { ...v2(['no-time', 'no-time']), remaining: 5_001 };
    const answers = await invoke([all, noTime]);
    bucket.proxy.reset();
    const inVain = (names, code) => Object.fromEntries(names.map((name) => [name, code]));
    assert.deepEqual(Object.assign({}, ...answers.map(codes)), {
      ...inVain([...Object.keys(temporary), 'no-time'], 'TemporaryFailure'),
      ...inVain([...Object.keys(permanent), 'not-a-key'], 'PermanentFailure'),
    });
    for (const key of keys) assert.equal((await bucket.stored(key)).ETag, old.get(key), key);
    const unreachable = { AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:9' };
    const [noKms] = await invoke([v2(['1', 'reset'])], unreachable);
    assert.equal(codes(noKms)['1'], 'TemporaryFailure', noKms.results[0].resultString);
    const nobodys = 'arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000000';
    const [noKey] = await invoke([v2(['1', 'reset'])], { TO_KEY_ID: nobodys });
    assert.equal(codes(noKey)['1'], 'PermanentFailure');
  });

  it('makes messages, if it is told to', async (t) => {
    if (!ready(t)) return;
    await put('message');
    const [answer] = await invoke([v2(['1', 'message'])], { FORMAT: 'message' });
    assert.equal(answer.results[0].resultString, 'migrated: V2 -> message');
  });
});
