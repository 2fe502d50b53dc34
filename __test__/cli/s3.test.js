'use strict';

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { before, beforeEach, describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { BIN, assertFailed, finish, jsonLines, workplace } = require('../support/cli');
const { flipLastByte } = require('../support/edits');
const { requireOrSkip, skipWithout } = require('../support/requirements');
const { Bucket } = require('../support/s3-bucket');
const { temporaryBucket } = require('../support/temporary-bucket');

const MODULES = path.join(__dirname, '..', '..', 'examples', 'node_modules');
const OLD = ['--commitment-policy', 'requireEncryptAllowDecrypt'];

describe('kms-envelope s3 (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const place = workplace();
  const { at, cli, env, read, write } = place;
  const encryptionContext = { tenant: 'acme' };
  const bucket = temporaryBucket();
  before(() => {
    const { keyId, moto } = bucket;
    Object.assign(env, {
      ...{ ENCRYPTION_KEY_ID: keyId, AWS_ENDPOINT_URL: moto.endpoint, AWS_REGION: 'us-east-1' },
      ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', NODE_PATH: '' },
    });
  });
  beforeEach(() => fs.symlinkSync(MODULES, at('node_modules')));

  const url = (Key) => `s3://${Bucket}/${Key}`;
  const putV2 = (Key, Body, options) =>
    bucket.writerV2.put({ Bucket, Key, Body }, { encryptionContext, ...options });
  const readBack = async (Key) =>
    String((await bucket.both.get({ Bucket, Key }, { encryptionContext })).body);
  const done = (result) => assert.equal(result.code, 0, result.stderr);

  describe('put and get', () => {
    for (const options of [[], ['--format', 'message'], ['--format', 'V2', '--instruction-file']]) {
      it(`give back a file that went by ${options.join(' ') || 'itself'}`, async () => {
        const data = randomBytes(100_000);
        write('in/photo.jpg', data);
        const target = url(`put/${options.join('')}/`);
        done(await cli('s3', 'put', 'in/photo.jpg', target, '-c', 'tenant=acme', ...options));
        const from = `${target}photo.jpg`;
        done(await cli('s3', 'get', from, '-c', 'tenant=acme', ...OLD));
        assert.ok(read('photo.jpg').equals(data));
        const out = await cli('s3', 'get', from, '--any-context', '-o', '-', ...OLD);
        done(out);
        assert.ok(out.stdout.equals(data));
      });
    }

    it('replace neither an object nor a file without --force', async () => {
      write('a', 'one');
      done(await cli('s3', 'put', 'a', url('twice'), '--instruction-file'));
      write('b', 'two');
      const again = ['s3', 'put', 'b', url('twice'), '--instruction-file'];
      assertFailed(await cli(...again), 5, 'FILE_EXISTS');
      assertFailed(await cli('s3', 'get', url('twice'), '-o', 'a'), 5, 'FILE_EXISTS');
      done(await cli('s3', 'get', url('twice'), '-o', 'a', '--force'));
      assert.equal(String(read('a')), 'one');
      done(await cli(...again, '--force', '--content-type', 'text/plain'));
      assert.equal((await bucket.stored('twice')).ContentType, 'text/plain');
      done(await cli('s3', 'get', url('twice'), '-f', '-o', 'a'));
      assert.equal(String(read('a')), 'two');
    });

    it('write no file of an object that was changed, is old, or is not there', async () => {
      await putV2('old', 'text');
      const get = (key, ...more) => cli('s3', 'get', url(key), '-c', 'tenant=acme', ...more);
      assertFailed(await get('old'), 3, 'COMMITMENT_POLICY');
      const { body, Metadata } = await bucket.stored('old');
      await bucket.send('PutObject', { Bucket, Key: 'old', Body: flipLastByte(body), Metadata });
      assertFailed(await get('old', ...OLD), 3, 'AUTHENTICATION_FAILED');
      assertFailed(await get('missing'), 5, 'FILE_NOT_FOUND');
      assert.deepEqual(fs.readdirSync(at()).sort(), ['node_modules']);
    });

    it('read and write under an AES key in a file', async () => {
      write('aes.key', randomBytes(32).toString('hex'));
      write('a', 'text');
      const key = ['-k', 'aes:aes.key'];
      done(await cli('s3', 'put', 'a', url('aes'), ...key));
      const { stdout } = await cli('s3', 'get', url('aes'), ...key, '-o', '-');
      assert.equal(String(stdout), 'text');
    });
  });

  it('tells how to install the client of S3 where it is missing', async () => {
    fs.unlinkSync(at('node_modules'));
    const failed = await cli('s3', 'get', url('x'));
    assertFailed(failed, 4, 'CONFIGURATION');
    assert.match(failed.stderr, /npm install @aws-sdk\/client-s3$/m);
  });

  describe('inspect', () => {
    it('tells the format of objects and what must be set to read them, without KMS', async () => {
      await putV2('look/v2', 'text', { storage: 'instructionFile' });
      write('a', 'text');
      done(await cli('s3', 'put', 'a', url('look/message'), '--format', 'message'));
      await bucket.send('PutObject', { Bucket, Key: 'look/plain', Body: 'text' });
      await bucket.moto.clearRequests();
      const places = ['v2', 'message', 'plain'].map((key) => url(`look/${key}`));
      const { stdout, code } = await cli('s3', 'inspect', ...places, '--json');
      assert.equal(code, 0);
      const [v2, message, plain] = jsonLines(stdout);
      assert.deepEqual(v2, {
        ...{ source: places[0], authenticated: false, format: 'V2', encryptionContext },
        ...{ contentAlgorithm: 'AES/GCM/NoPadding', wrappingAlgorithm: 'kms+context' },
        ...{ storage: 'instructionFile', plaintextLength: 4 },
        requires: { commitmentPolicy: 'requireEncryptAllowDecrypt' },
      });
      assert.deepEqual(
        [message.format, message.requires, message.plaintextLength],
        ['message', {}, 4],
      );
      assert.equal(plain.format, 'plaintext');
      const text = String((await cli('s3', 'inspect', ...places)).stdout);
      assert.match(text, /^ {2}to read it {2}--commitment-policy requireEncryptAllowDecrypt$/m);
      assert.match(text, /^ {2}context {5}tenant = acme$/m);
      const services = (await bucket.moto.requests()).map(({ service }) => service);
      assert.deepEqual([...new Set(services)], ['s3']);
    });

    it('takes a local object with its metadata, or its instruction file', async () => {
      for (const storage of ['metadata', 'instructionFile']) {
        await putV2(storage, 'text', { storage });
        const { body, Metadata, ContentType } = await bucket.stored(storage);
        write(storage, body);
        write(`${storage}.json`, JSON.stringify({ ContentType, Metadata }));
      }
      write(
        'instructionFile.instruction',
        (await bucket.stored('instructionFile.instruction')).body,
      );
      const inspect = async (name, ...more) =>
        jsonLines((await cli('s3', 'inspect', name, '--json', ...more)).stdout)[0];
      assert.equal((await inspect('metadata')).format, 'plaintext');
      for (const storage of ['metadata', 'instructionFile']) {
        const told = await inspect(storage, '--metadata', `${storage}.json`);
        assert.deepEqual([told.format, told.storage], ['V2', storage]);
      }
      write('wrong.json', '[1]');
      assertFailed(await cli('s3', 'inspect', 'metadata', '--metadata', 'wrong.json'), 5, 'FILE');
    });
  });

  describe('migrate', () => {
    it('rewrites all objects under a prefix, names those that failed, and leaves them', async () => {
      for (let i = 0; i < 12; i++) {
        await putV2(`fleet/${i}`, `text ${i}`, i % 2 ? { storage: 'instructionFile' } : {});
      }
      await bucket.send('PutObject', { Bucket, Key: 'fleet/plain', Body: 'text' });
      const { body, Metadata } = await bucket.stored('fleet/4');
      const changed = { Bucket, Key: 'fleet/4', Body: flipLastByte(body), Metadata };
      await bucket.send('PutObject', changed);
      const args = ['s3', 'migrate', '-r', url('fleet/'), '-c', 'tenant=acme', ...OLD];
      const dry = await cli(...args, '--dry-run');
      assert.equal(dry.code, 3);
      assert.match(dry.stderr, /11 would be migrated/);
      assert.equal((await bucket.stored('fleet/0')).Metadata['x-amz-c'], undefined);

      const { code, stdout, stderr } = await cli(...args, '--json', '--concurrency', '3');
      assert.equal(code, 3, stderr);
      const failed = jsonLines(stderr).map(({ error }) => [error.source, error.code.slice(13)]);
      assert.deepEqual(failed.sort(), [
        [url('fleet/4'), 'AUTHENTICATION_FAILED'],
        [url('fleet/plain'), 'MALFORMED_MESSAGE'],
      ]);
      const { counts } = jsonLines(stdout).pop();
      assert.deepEqual([counts.migrated, counts.failed], [11, 2]);
      assert.deepEqual(
        (await bucket.keys('fleet/')).filter((key) => /instruction/.test(key)),
        [],
      );
      for (let i = 0; i < 12; i++) {
        if (i !== 4) assert.equal(await readBack(`fleet/${i}`), `text ${i}`);
      }
      assert.ok((await bucket.stored('fleet/4')).body.equals(changed.Body));

      const again = await cli(...args);
      assert.match(again.stderr, /\b11 unchanged\b/);
      assert.match(again.stderr, /\b2 failed\b/);
      assert.doesNotMatch(again.stderr, /^migrated/m);
    });

    it('shows on a terminal how many objects are done', async (t) => {
      const script = spawnSync('script', ['--version'], { encoding: 'utf8' });
      if (!requireOrSkip(t, /util-linux/.test(script.stdout ?? ''), 'script of util-linux')) return;
      for (let i = 0; i < 3; i++) await putV2(`shown/${i}`, 'text');
      // Work that ends at once shows no bar.
      bucket.proxy.fault = ({ name }) => name === 'GetObject' && (() => sleep(250));
      const args = [
        's3',
        'migrate',
        '-r',
        url('shown/'),
        '-c',
        'tenant=acme',
        '--concurrency',
        '1',
      ];
      const line = [process.execPath, BIN, ...args, ...OLD].map((word) => `'${word}'`).join(' ');
      const slow = { AWS_ENDPOINT_URL_S3: bucket.proxy.endpoint, TERM: 'xterm' };
      const child = spawn('script', ['-qec', line, '/dev/null'], {
        cwd: place.cwd,
        env: { ...process.env, ...env, ...slow },
      });
      const { code, stdout } = await finish(child);
      const shown = String(stdout);
      bucket.proxy.reset();
      assert.equal(code, 0, shown);
      assert.match(shown, /[12] {2}\d\d:\d\d {2}s3:\/\/\S+\/shown\/\d/);
      assert.match(shown, /3 migrated/);
    });

    it('takes the pairs that each object names, and moves to another key', async () => {
      const { arn } = await bucket.moto.createKey();
      await putV2('mixed/a', 'text', { encryptionContext: { tenant: 'a' } });
      await putV2('mixed/b', 'text', { encryptionContext: { tenant: 'b' } });
      const args = ['-r', url('mixed/'), '--any-context', '--to-key', arn, ...OLD];
      done(await cli('s3', 'migrate', ...args, '--format', 'message', '--quiet'));
      const get = ['s3', 'get', url('mixed/b'), '-c', 'tenant=b', '-o', '-', '-k', arn];
      assert.equal(String((await cli(...get)).stdout), 'text');
    });

    it('takes one object, and says what became of it', async () => {
      await putV2('single', 'text');
      const args = ['s3', 'migrate', url('single'), '-c', 'tenant=acme'];
      assertFailed(await cli(...args), 3, 'COMMITMENT_POLICY');
      const { stderr } = await cli(...args, ...OLD);
      assert.equal(stderr, `migrated ${url('single')}: V2 -> V3\n`);
      assertFailed(await cli('s3', 'migrate', url('missing')), 5, 'FILE_NOT_FOUND');
    });

    it('ends at once where no object can be read', async () => {
      await putV2('all/a', 'text');
      await putV2('all/b', 'text');
      const nobodys = 'arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000000';
      const args = ['-r', url('all/'), '-c', 'tenant=acme', ...OLD, '--to-key', nobodys];
      const failed = await cli('s3', 'migrate', ...args, '--concurrency', '1');
      assertFailed(failed, 4, 'KMS_KEY_NOT_FOUND');
    });
  });

  const refused = {
    'a prefix without --recursive': ['migrate', 's3://b/p/'],
    'V2 as the target': ['migrate', 's3://b/k', '--format', 'V2'],
    'no objects at a time': ['migrate', 's3://b/k', '--concurrency', '0'],
    'any context and one': ['migrate', 's3://b/k', '--any-context', '-c', 'a=b'],
    'a bucket without a key': ['get', 's3://b'],
    'another address': ['get', 'https://b/k'],
    'two objects to get': ['get', 's3://b/k', 's3://b/l'],
    'a file without a place': ['put', 'file'],
    'standard input without a key': ['put', '-', 's3://b/p/'],
    'a message with an instruction file': [
      ...['put', 'file', 's3://b/k', '--format', 'message', '--instruction-file'],
    ],
    'metadata for an object of S3': ['inspect', 's3://b/k', '--metadata', 'file'],
  };
  for (const [what, args] of Object.entries(refused)) {
    it(`refuses ${what}`, async () => {
      assertFailed(await cli('s3', ...args), 2, 'INVALID_ARGUMENT');
    });
  }
});
