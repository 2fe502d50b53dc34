'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const path = require('node:path');
const { Readable } = require('node:stream');
const { before, describe, it } = require('node:test');
const { copyObject } = require('../../integrations/s3/copy');
const { ObjectStore } = require('../../integrations/s3/object-store');
const { temporaryFolder } = require('../support/files');
const { skipWithout } = require('../support/requirements');
const { Bucket } = require('../support/s3-bucket');
const { storesOf, temporaryBucket } = require('../support/temporary-bucket');

const MEBIBYTE = 1024 * 1024;
const partLength = 5 * MEBIBYTE;
/** What moto takes without looking at it. */
const OF_ALL = { ExpectedBucketOwner: '123456789012', RequestPayer: 'requester' };

describe('the requests to S3 (moto)', { skip: skipWithout('python', 'examples') }, () => {
  const encryptionContext = { tenant: 'acme' };
  const long = randomBytes(partLength + 1000);
  const folder = temporaryFolder();
  const bucket = temporaryBucket();
  let keyrings, store, s3, messages, sent;
  before(async () => {
    const client = {
      config: bucket.client.config,
      send(command, options) {
        sent.push({ name: command.constructor.name.replace('Command', ''), input: command.input });
        return bucket.client.send(command, options);
      },
    };
    const { keyring } = bucket;
    keyrings = [keyring, await bucket.newKeyring()];
    const { envelope, ...stores } = storesOf(client, keyring);
    ({ both: s3, messages } = stores);
    store = new ObjectStore({ client, keyring, envelope });
  });

  const place = (Key) => frozen({ Bucket, Key, ...OF_ALL });
  const options = (more) => frozen({ encryptionContext, ...more });
  /** What a call sends. */
  async function requestsOf(call) {
    sent = [];
    await call();
    return sent;
  }
  const file = path.join(folder, 'plain');
  const limits = { request: MEBIBYTE, part: partLength };

  for (const storage of ['metadata', 'instructionFile']) {
    const calls = {
      put: (Key) => s3.put(frozen({ ...place(Key), Body: 'text' }), options({ storage })),
      'put of what must be new': (Key) =>
        s3.put(
          frozen({ ...place(`${Key}/new`), Body: 'text', IfNoneMatch: '*' }),
          options({ storage }),
        ),
      'put by parts': (Key) => {
        const Body = Readable.from([long]);
        return s3.put(
          { ...place(`${Key}/long`), Body, Metadata: frozen({ by: 'me' }) },
          options({ storage, partLength }),
        );
      },
      'put that fails': async (Key) => {
        const Body = Readable.from(
          (async function* () {
            yield long;
            throw new Error('the disk is gone');
          })(),
        );
        const put = s3.put({ ...place(Key), Body }, options({ storage, partLength }));
        await assert.rejects(put, /the disk is gone/);
      },
      get: (Key) => s3.get(place(Key), options()),
      'get of a range': (Key) => s3.get(place(Key), options({ unauthenticatedRange: { end: 2 } })),
      'get of much': (Key) => s3.get(place(`${Key}/long`), options()),
      getStream: async (Key) => (await s3.getStream(place(Key), options())).stream.resume(),
      getFile: (Key) => s3.getFile(place(Key), file, options({ overwrite: true })),
      head: (Key) => s3.head(place(Key)),
      copy: (Key) => s3.copy(place(Key), place(`${Key}/copy`)),
      'copy by parts': (Key) =>
        copyObject(store, place(`${Key}/long`), place(`${Key}/copy`), undefined, limits),
      migrate: (Key) => s3.migrate(place(`${Key}/new`), options({ to: messages })),
      'get of a range of a message': (Key) =>
        s3.get(place(`${Key}/new`), options({ range: { end: 2 } })),
      rewrapInstructionFile: (Key) =>
        storage === 'instructionFile' &&
        s3.rewrapInstructionFile(place(Key), options({ to: keyrings[1] })),
      delete: (Key) => s3.delete(place(Key)),
    };
    it(`all name the owner and who pays, and no input is changed, the data key in the ${storage}`, async () => {
      for (const [name, call] of Object.entries(calls)) {
        const requests = await requestsOf(() => call(`all/${storage}`));
        for (const { name: command, input } of requests) {
          const { ExpectedBucketOwner, RequestPayer } = input;
          assert.deepEqual({ ExpectedBucketOwner, RequestPayer }, OF_ALL, `${name}: ${command}`);
        }
      }
    });

    it(`to copy let the requester pay for the original, too, the data key in the ${storage}`, async () => {
      const { RequestPayer } = OF_ALL;
      for (const Body of ['text', long]) {
        await s3.put({ Bucket, Key: 'payer', Body }, { storage });
        const from = { Bucket, Key: 'payer', RequestPayer };
        const to = { Bucket, Key: 'payer-copy' };
        const requests = await requestsOf(() => copyObject(store, from, to, undefined, limits));
        const copies = requests.filter(({ input }) => input.CopySource !== undefined);
        assert.ok(copies.length > (storage === 'instructionFile' ? 1 : 0));
        for (const { input } of copies) assert.equal(input.RequestPayer, RequestPayer);
      }
    });
  }

  it('put an instruction file with the rights, the encryption and the tags of its object', async () => {
    const given = {
      ...{ ACL: 'bucket-owner-full-control', Tagging: 'a=1' },
      ...{ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'alias/at-rest', BucketKeyEnabled: true },
    };
    const storage = 'instructionFile';
    const isOfFile = ({ input }) => input.Key?.endsWith('.instruction');
    const written = async (call) => {
      const requests = (await requestsOf(call)).filter(({ name }) => /^(Put|Copy)/.test(name));
      return requests.find(isOfFile).input;
    };
    const has = (input) => {
      const names = Object.keys(given);
      assert.deepEqual(Object.fromEntries(names.map((name) => [name, input[name]])), given);
    };
    const from = { Bucket, Key: 'shared' };
    has(await written(() => s3.put({ ...from, ...given, Body: 'text' }, { storage })));
    const parts = { ...from, ...given, Key: 'shared-parts', Body: Readable.from([long]) };
    has(await written(() => s3.put(parts, { storage, partLength })));
    const to = { Bucket, Key: 'shared-copy', ...given, TaggingDirective: 'REPLACE' };
    const copied = await written(() => s3.copy(from, to));
    has(copied);
    assert.equal(copied.TaggingDirective, 'REPLACE');
    const rewrapped = { ...from, ACL: given.ACL };
    const { ACL } = await written(() => s3.rewrapInstructionFile(rewrapped, { to: keyrings[1] }));
    assert.equal(ACL, given.ACL);
  });
});

/** An object that nobody can change, with all that is in it. */
function frozen(object) {
  for (const value of Object.values(object)) {
    if (value !== null && Object.getPrototypeOf(value) === Object.prototype) frozen(value);
  }
  return Object.freeze(object);
}
