'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');
const { before, describe, it } = require('node:test');
const { finish, start } = require('../support/cli');
const { temporaryFolder } = require('../support/files');
const { skipWithout } = require('../support/requirements');
const { Bucket } = require('../support/s3-bucket');
const { place, temporaryBucket } = require('../support/temporary-bucket');

const MEBIBYTE = 1024 * 1024;
const MODULES = path.join(__dirname, '..', '..', 'examples', 'node_modules');
const OLD = ['--commitment-policy', 'requireEncryptAllowDecrypt'];

describe(
  'faults of S3, and of what uses it (moto)',
  { skip: skipWithout('python', 'examples') },
  () => {
    const encryptionContext = { tenant: 'acme' };
    const partLength = 5 * MEBIBYTE;
    const large = randomBytes(9 * MEBIBYTE);
    const bucket = temporaryBucket();
    let writerV2, reader, messages, current;
    before(() => {
      ({ writerV2, reader, messages, both: current } = bucket);
    });

    const putV2 = (Key, Body = 'text', options = {}) =>
      writerV2.put({ ...place(Key), Body }, { encryptionContext, ...options });
    const read = async (Key) => (await current.get(place(Key), { encryptionContext })).body;

    it('lets a concurrent writer win, whose object it then migrates', async () => {
      await putV2('raced', 'old');
      let writes = 0;
      bucket.proxy.fault = ({ name, key }) => {
        if (name !== 'GetObject' || key !== 'raced' || writes++ > 0) return undefined;
        return () => putV2('raced', 'new');
      };
      // The writer's own requests go through the proxy, too.
      const { status } = await reader.migrate(place('raced'), { encryptionContext });
      assert.equal(status, 'migrated');
      assert.equal(String(await read('raced')), 'new');
    });

    for (const [to, side] of [
      ['V3', () => current],
      ['messages', () => messages],
    ]) {
      it(`tells that an object was migrated to ${to} although the answer was lost`, async () => {
        const Key = `lost/${to}`;
        await putV2(Key, 'text', { storage: 'instructionFile' });
        let answers = 0;
        bucket.proxy.fault = ({ name, key }) =>
          name === 'PutObject' && key === Key && answers++ === 0 && 'lost';
        const { status } = await reader.migrate(place(Key), { encryptionContext, to: side() });
        assert.equal(status, 'migrated');
        assert.equal(answers, 2);
        assert.equal(String(await read(Key)), 'text');
        // The instruction file is gone, which another run would have to delete.
        assert.deepEqual(await bucket.keys(Key), [Key]);
      });
    }

    it('gives up if others write again and again, and their last object stays', async () => {
      await putV2('busy', 'old');
      let writes = 0;
      bucket.proxy.fault = ({ name, key, range }) => {
        // By a range it only looks at what the others have written.
        if (name !== 'GetObject' || key !== 'busy' || range) return undefined;
        return () => putV2('busy', `new ${++writes}`);
      };
      const migrate = reader.migrate(place('busy'), { encryptionContext });
      await assert.rejects(migrate, { name: 'PreconditionFailed' });
      assert.equal(writes, 3);
      bucket.proxy.reset();
      const { body } = await reader.get(place('busy'), { encryptionContext });
      assert.equal(String(body), 'new 3');
    });

    describe('at random', () => {
      /** Takes one request of three amiss, the same ones in each run of a seed. */
      function misfortune(seed) {
        let state = seed;
        const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
        const faults = ['reset', 'cut', { status: 503 }, { status: 429 }, { status: 500 }];
        return ({ name }) => {
          // A taken-back upload is told of elsewhere.
          if (name === 'AbortMultipartUpload' || next() > 0.33) return undefined;
          const fault = faults[Math.floor(next() * faults.length)];
          // An upload whose id was lost on its way is S3's to delete, without parts.
          return fault === 'cut' && name === 'CreateMultipartUpload' ? 'reset' : fault;
        };
      }

      /** Whether an error is that of the connection (`code`) or of S3's answer (`status`). */
      const failedAs =
        ({ code, status }) =>
        (error) =>
          status ? error.$metadata?.httpStatusCode === status : error.code === code;

      /** What a stream released before it ended or failed. */
      async function released(stream) {
        const chunks = [];
        try {
          for await (const chunk of stream) chunks.push(chunk);
        } catch (error) {
          return { bytes: Buffer.concat(chunks), error };
        }
        return { bytes: Buffer.concat(chunks) };
      }

      for (const seed of [22, 333]) {
        it(`leave the old object or the whole new one, and no parts (seed ${seed})`, async () => {
          const old = Buffer.from('old');
          for (const [name, store] of Object.entries({ V3: current, message: messages })) {
            const Key = `put/${seed}/${name}`;
            await store.put({ ...place(Key), Body: old }, { encryptionContext });
            bucket.proxy.fault = misfortune(seed);
            const Body = Readable.from([
              large.subarray(0, 5 * MEBIBYTE),
              large.subarray(5 * MEBIBYTE),
            ]);
            const put = await store
              .put({ ...place(Key), Body }, { encryptionContext, partLength })
              .catch((error) => error);
            bucket.proxy.reset();
            const found = await read(Key);
            if (put instanceof Error)
              assert.ok(found.equals(old) || found.equals(large), String(put));
            else assert.ok(found.equals(large));
            await putV2(`migrate/${seed}/${name}`, large);
            bucket.proxy.fault = misfortune(seed + 1);
            const options = { encryptionContext, to: store, partLength };
            const from = place(`migrate/${seed}/${name}`);
            const outcome = await reader.migrate(from, options).catch((error) => error);
            bucket.proxy.reset();
            const after = await (outcome instanceof Error ? reader : current).get(from, {
              encryptionContext,
            });
            assert.ok(after.body.equals(large), String(outcome));
          }
          assert.deepEqual(await bucket.uploads(), []);
        });
      }

      it('release nothing of an object, and of a message only what has verified', async () => {
        for (const [Key, store] of Object.entries({ object: current, message: messages })) {
          await store.put({ ...place(Key), Body: large }, { encryptionContext });
          for (const [fault, failure] of [
            ['cut', { code: 'ECONNRESET' }],
            ['reset', { code: 'ECONNRESET' }],
            [{ status: 503 }, { status: 503 }],
          ]) {
            bucket.proxy.fault = ({ name, key }) => name === 'GetObject' && key === Key && fault;
            await assert.rejects(store.get(place(Key), { encryptionContext }), failedAs(failure));
            const opened = store.getStream(place(Key), { encryptionContext });
            if (Key === 'object' || fault !== 'cut') {
              await assert.rejects(opened, failedAs(failure));
              continue;
            }
            const { bytes, error } = await released((await opened).stream);
            assert.equal(error.code, failure.code);
            assert.ok(bytes.length < large.length && bytes.equals(large.subarray(0, bytes.length)));
          }
        }
      });
    });

    it('a migration that is killed at any request goes on where it was', async () => {
      const cwd = temporaryFolder();
      const temporary = path.join(cwd, 'tmp');
      fs.mkdirSync(temporary);
      fs.symlinkSync(MODULES, path.join(cwd, 'node_modules'));
      const contents = new Map([['killed/large', large]]);
      for (let i = 0; i < 8; i++) contents.set(`killed/${i}`, Buffer.from(`text ${i}`));
      for (const [key, body] of contents) {
        await putV2(key, body, { storage: key.endsWith('3') ? 'metadata' : 'instructionFile' });
      }
      const { keyId, moto, proxy } = bucket;
      const begin = () => {
        const args = ['-r', `s3://${Bucket}/killed/`, '-c', 'tenant=acme', '--concurrency', '3'];
        return start(['s3', 'migrate', ...args, ...OLD], {
          cwd,
          env: {
            ...{ ENCRYPTION_KEY_ID: keyId, AWS_REGION: 'us-east-1', TMPDIR: temporary },
            ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', NODE_PATH: '' },
            ...{ AWS_ENDPOINT_URL_KMS: moto.endpoint, AWS_ENDPOINT_URL_S3: proxy.endpoint },
          },
        });
      };
      const isNew = async (key) => (await bucket.stored(key)).Metadata['x-amz-c'] === '115';
      const migrated = new Set();
      // The requests that change something: parts, objects, and the deletion of instruction files.
      for (const ending of [1, 2, 4]) {
        const child = begin();
        let changes = 0;
        proxy.fault = ({ name, key }) => {
          if (!key.startsWith('killed/') || !/Put|Upload|Delete/.test(name)) return undefined;
          changes += 1;
          if (changes < ending) return undefined;
          child.kill('SIGKILL');
          // S3 does what it was asked for although nobody hears of it, or was not reached.
          return ending % 2 ? 'reset' : 'cut';
        };
        await once(child, 'close');
        proxy.reset();
        assert.deepEqual(fs.readdirSync(temporary), []);
        for (const [key, body] of contents) {
          const { body: found } = await reader.get(place(key), { encryptionContext });
          assert.ok(found.equals(body), `${key} after change ${ending}`);
          if (await isNew(key)) migrated.add(key);
          else assert.ok(!migrated.has(key));
        }
      }
      assert.ok(migrated.size > 0 && migrated.size < contents.size, `${migrated.size} migrated`);
      const { code, stderr } = await finish(begin());
      assert.equal(code, 0, stderr);
      const left = [...contents.keys()].filter((key) => !migrated.has(key));
      assert.deepEqual(
        stderr
          .match(/^migrated .*(?=: )/gm)
          .map((line) => line.split(`${Bucket}/`)[1])
          .sort(),
        left.sort(),
      );
      for (const [key, body] of contents) assert.ok((await read(key)).equals(body));
      const kept = await bucket.keys('killed/');
      assert.equal(kept.length, contents.size, 'no instruction file is left');
      for (const { Key, UploadId } of await bucket.uploads()) {
        assert.equal(Key, 'killed/large', 'only what was killed can leave parts');
        await bucket.send('AbortMultipartUpload', { Bucket, Key, UploadId });
      }
    });
  },
);
