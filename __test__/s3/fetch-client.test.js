'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { temporaryFolder } = require('../support/files');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { place, storesOf, temporaryBucket } = require('../support/temporary-bucket');

const MEBIBYTE = 1024 * 1024;

describe(
  'a client of S3 that uses fetch, and has streams of the Web (moto)',
  { skip: skipWithout('python', 'examples') },
  () => {
    const contents = { short: Buffer.from('text'), long: randomBytes(3 * MEBIBYTE) };
    const folder = temporaryFolder();
    const bucket = temporaryBucket();
    let client, s3, cancelled;
    before(async () => {
      const { S3Client } = require('@aws-sdk/client-s3');
      const { FetchHttpHandler } = require('@smithy/fetch-http-handler');
      client = new S3Client({
        ...{ endpoint: bucket.moto.endpoint, region: 'us-east-1', forcePathStyle: true },
        requestHandler: new FetchHttpHandler(),
      });
      const counting = {
        config: client.config,
        async send(...args) {
          const output = await client.send(...args);
          const { Body } = output;
          if (Body instanceof ReadableStream) {
            const cancel = Body.cancel.bind(Body);
            Body.cancel = (reason) => ((cancelled += 1), cancel(reason));
          }
          return output;
        },
      };
      s3 = storesOf(counting, bucket.keyring).both;
      const { messages } = storesOf(client, bucket.keyring);
      for (const [length, Body] of Object.entries(contents)) {
        await s3.put({ ...place(`object/${length}`), Body });
        await s3.put({ ...place(`file/${length}`), Body }, { storage: 'instructionFile' });
        await messages.put({ ...place(`message/${length}`), Body });
      }
    });
    after(() => client?.destroy());

    for (const kind of ['object', 'file', 'message']) {
      it(`reads ${kind}`, async () => {
        for (const [length, content] of Object.entries(contents)) {
          const Key = `${kind}/${length}`;
          assert.ok((await s3.get(place(Key))).body.equals(content), Key);
          const { stream } = await s3.getStream(place(Key));
          assert.ok(Buffer.concat(await stream.toArray()).equals(content), Key);
          const file = path.join(folder, 'plain');
          await s3.getFile(place(Key), file, { overwrite: true });
          assert.ok(fs.readFileSync(file).equals(content), Key);
        }
      });
    }

    it('keeps no connection after a call that failed', async () => {
      for (const call of ['get', 'getStream']) {
        cancelled = 0;
        const wrong = { encryptionContext: { tenant: 'other' } };
        await rejection(s3[call](place('object/long'), wrong), 'CONTEXT_MISMATCH');
        assert.equal(cancelled, 1, call);
      }
    });
  },
);
