'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { flipLastByte } = require('../support/edits');
const { temporaryFolder } = require('../support/files');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { place, temporaryBucket } = require('../support/temporary-bucket');

const MEBIBYTE = 1024 * 1024;

describe(
  'a store that does not tell how long an object is (moto)',
  { skip: skipWithout('python', 'examples') },
  () => {
    const encryptionContext = { tenant: 'acme' };
    const contents = { empty: '', short: 'text', long: randomBytes(9 * MEBIBYTE + 5) };
    const folder = temporaryFolder();
    const file = path.join(folder, 'plain');
    const writers = {
      V3: [() => s3, {}],
      'V3 with an instruction file': [() => s3, { storage: 'instructionFile' }],
      message: [() => messages, {}],
    };
    const bucket = temporaryBucket();
    let s3, messages;
    before(async () => {
      ({ both: s3, messages } = bucket);
      for (const [name, [store, options]] of Object.entries(writers)) {
        for (const [length, Body] of Object.entries(contents)) {
          const input = { ...place(`${name}/${length}`), Body };
          await store().put(input, { encryptionContext, ...options });
        }
      }
    });

    const tellNoLength = () => {
      bucket.proxy.fault = ({ name }) => /^(Get|Head)Object$/.test(name) && 'chunked';
    };

    const reads = {
      get: async (Key) => (await s3.get(place(Key), { encryptionContext })).body,
      async getStream(Key) {
        const { stream } = await s3.getStream(place(Key), { encryptionContext });
        return Buffer.concat(await stream.toArray());
      },
      async getFile(Key) {
        const { length } = await s3.getFile(place(Key), file, { encryptionContext });
        const read = fs.readFileSync(file);
        fs.rmSync(file);
        assert.equal(length, read.length);
        return read;
      },
    };
    for (const name of Object.keys(writers)) {
      for (const [call, read] of Object.entries(reads)) {
        it(`has ${call} read ${name} of every length`, async () => {
          tellNoLength();
          for (const [length, content] of Object.entries(contents)) {
            const found = await read(`${name}/${length}`);
            assert.ok(found.equals(Buffer.from(content)), length);
          }
        });
      }

      it(`has getFile leave nothing of ${name} that was changed or breaks off`, async () => {
        const Key = `${name}/long`;
        const { body, Metadata } = await bucket.stored(Key);
        await bucket.send('PutObject', { ...place(Key), Body: flipLastByte(body), Metadata });
        tellNoLength();
        await rejection(reads.getFile(Key), 'AUTHENTICATION_FAILED');
        await bucket.send('PutObject', { ...place(Key), Body: body, Metadata });
        const half = body.subarray(0, 5 * MEBIBYTE);
        await bucket.send('PutObject', { ...place(`${Key}/cut`), Body: half, Metadata });
        const { body: text } = await bucket.stored(`${Key}.instruction`).catch(() => ({}));
        if (text)
          await bucket.send('PutObject', { ...place(`${Key}/cut.instruction`), Body: text });
        const code = name === 'message' ? 'TRUNCATED_MESSAGE' : 'AUTHENTICATION_FAILED';
        await rejection(reads.getFile(`${Key}/cut`), code);
        assert.deepEqual(fs.readdirSync(folder), []);
      });
    }

    it('has head tell the rest of an object, and range refuse to guess', async () => {
      tellNoLength();
      for (const name of ['V3', 'V3 with an instruction file']) {
        const { encryption } = await s3.head(place(`${name}/short`));
        assert.deepEqual([encryption.format, encryption.plaintextLength], ['V3', undefined]);
        const options = { encryptionContext, unauthenticatedRange: { start: 1, end: 3 } };
        await rejection(s3.get(place(`${name}/short`), options), 'UNSUPPORTED_MESSAGE');
      }
      const range = { start: 1, end: 3 };
      const message = place('message/short');
      await rejection(s3.get(message, { encryptionContext, range }), 'UNSUPPORTED_MESSAGE');
      await rejection(s3.head(message), 'UNSUPPORTED_MESSAGE');
    });

    it('lets objects be copied and migrated, but not messages', async () => {
      for (const length of Object.keys(contents)) {
        const copy = place(`copy/${length}`);
        tellNoLength();
        await s3.copy(place(`V3 with an instruction file/${length}`), copy);
        const { status } = await s3.migrate(copy, { encryptionContext, to: messages });
        assert.equal(status, 'migrated');
        const found = await reads.get(copy.Key);
        assert.ok(found.equals(Buffer.from(contents[length])));
        await rejection(s3.migrate(copy, { encryptionContext }), 'UNSUPPORTED_MESSAGE');
        await rejection(s3.copy(copy, place('copy')), 'UNSUPPORTED_MESSAGE');
      }
    });
  },
);
