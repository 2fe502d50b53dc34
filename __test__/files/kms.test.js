'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, beforeEach, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope } = require('../..');
const { startFakeKms } = require('../support/fake-kms');
const { same } = require('../support/files');
const { newPlace } = require('../support/places');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { newKeyring, temporaryMoto } = require('../support/temporary-moto');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const ARN = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const KIB = 1024;
const MIB = 1024 * KIB;

describe('while KMS is asked (injected)', () => {
  const Plaintext = Buffer.alloc(32, 1).toString('base64');
  const CiphertextBlob = Buffer.alloc(100, 2).toString('base64');
  const good = { body: { KeyId: ARN, Plaintext, CiphertextBlob } };
  let fake;
  let answer;
  let kms;

  before(async () => {
    fake = await startFakeKms((...call) => answer(...call));
    kms = new Envelope({ keyring: new AwsKmsKeyring({ keyId: ARN, endpoint: fake.endpoint }) });
  });
  beforeEach(() => (answer = () => good));
  after(() => fake.stop());

  it('a signal ends the request and the job', async () => {
    const place = newPlace({ plaintext: 'text' });
    await kms.encryptFile(place('plaintext'), place('message'));
    const jobs = {
      encryptFile: (options) => kms.encryptFile(place('plaintext'), place('out'), options),
      decryptFile: (options) => kms.decryptFile(place('message'), place('out'), options),
      reEncryptFile: (options) => kms.reEncryptFile(place('message'), place('out'), kms, options),
    };
    for (const [name, job] of Object.entries(jobs)) {
      const controller = new AbortController();
      answer = () => {
        setImmediate(() => controller.abort());
        return { never: true };
      };
      const { closed } = fake.state;
      await rejection(job({ signal: controller.signal }), 'ABORTED');
      assert.deepEqual(place.names(), ['message', 'plaintext'], name);
      while (fake.state.closed === closed) await new Promise(setImmediate);
    }
  });

  it('a callback that throws ends the job', async () => {
    const place = newPlace({ plaintext: 'text' });
    const enough = new Error('enough');
    answer = () => ({ never: true });
    const onProgress = ({ bytesDone, bytesTotal }) => {
      assert.deepEqual([bytesDone, bytesTotal], [0, 4]);
      throw enough;
    };
    const ended = kms.encryptFile(place('plaintext'), place('out'), { onProgress });
    await assert.rejects(ended, (error) => error === enough);
    assert.deepEqual(place.names(), ['plaintext']);
  });

  it('a refusal by KMS leaves no file', async () => {
    const place = newPlace({ plaintext: 'text' });
    answer = () => ({ status: 400, body: { __type: 'AccessDeniedException' } });
    const refused = kms.encryptFile(place('plaintext'), place('out'));
    await rejection(refused, 'KMS_ACCESS_DENIED');
    assert.deepEqual(place.names(), ['plaintext']);
  });

  it('a file that takes the destination’s name meanwhile is not replaced', async () => {
    const place = newPlace({ plaintext: 'text' });
    answer = () => {
      fs.writeFileSync(place('out'), 'theirs');
      return good;
    };
    await rejection(kms.encryptFile(place('plaintext'), place('out')), 'FILE_EXISTS');
    assert.equal(place.read('out'), 'theirs');
    assert.deepEqual(place.names(), ['out', 'plaintext']);
  });

  it('a message that is truncated meanwhile is refused; a plaintext is encrypted as it is after that', async () => {
    const place = newPlace({ plaintext: crypto.randomBytes(5 * MIB) });
    await kms.encryptFile(place('plaintext'), place('message'));
    const length = fs.statSync(place('message')).size;
    answer = () => {
      fs.truncateSync(place('message'), length - 1);
      return good;
    };
    const cut = kms.decryptFile(place('message'), place('out'));
    await rejection(cut, 'TRUNCATED_MESSAGE');
    assert.deepEqual(place.names(), ['message', 'plaintext']);
    answer = () => {
      fs.truncateSync(place('plaintext'), MIB);
      return good;
    };
    const { plaintextLength } = await kms.encryptFile(place('plaintext'), place('out'));
    assert.equal(plaintextLength, MIB);
    same(await kms.decrypt(fs.readFileSync(place('out'))), fs.readFileSync(place('plaintext')));
  });
});

describe('AWS KMS (moto)', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let kms;
  const calls = () => moto.operations();

  before(async () => {
    const keyring = await newKeyring(moto);
    kms = new Envelope({ keyring });
  });
  beforeEach(() => moto.clearRequests());

  it('is asked once for each key', async () => {
    const place = newPlace({ plaintext: crypto.randomBytes(3 * MIB) });
    await kms.encryptFile(place('plaintext'), place('message'));
    assert.deepEqual(await calls(), ['GenerateDataKey']);
    await kms.decryptFile(place('message'), place('back'));
    assert.deepEqual(await calls(), ['GenerateDataKey', 'Decrypt']);
    same(fs.readFileSync(place('back')), fs.readFileSync(place('plaintext')));
    await kms.reEncryptFile(place('message'), place('new'), kms);
    assert.deepEqual((await calls()).slice(2), ['Decrypt', 'GenerateDataKey']);
    await kms.decryptFile(place('new'), place('back'), { overwrite: true });
    same(fs.readFileSync(place('back')), fs.readFileSync(place('plaintext')));
  });

  it('is not asked if the source or the destination is refused', async () => {
    const place = newPlace({ plaintext: 'text', taken: 'taken' });
    await kms.encryptFile(place('plaintext'), place('message'));
    fs.writeFileSync(place('cut'), fs.readFileSync(place('message')).subarray(0, 50));
    await moto.clearRequests();
    for (const [source, destination, code] of [
      ['message', 'taken', 'FILE_EXISTS'],
      ['message', 'message', 'FILE'],
      ['message', '.', 'FILE'],
      ['message', path.join('none', 'out'), 'FILE'],
      ['none', 'out', 'FILE_NOT_FOUND'],
    ]) {
      const paths = [place(source), place(destination)];
      await rejection(kms.encryptFile(...paths), code);
      await rejection(kms.decryptFile(...paths), code);
      await rejection(kms.reEncryptFile(...paths, kms), code);
    }
    await rejection(kms.decryptFile(place('plaintext'), place('out')), 'MALFORMED_MESSAGE');
    await rejection(kms.decryptFile(place('cut'), place('out')), 'TRUNCATED_MESSAGE');
    const wrong = { encryptionContext: { a: 'b' } };
    const mismatch = kms.decryptFile(place('message'), place('out'), wrong);
    await rejection(mismatch, 'CONTEXT_MISMATCH');
    assert.deepEqual(await calls(), []);
    assert.deepEqual(place.names(), ['cut', 'message', 'plaintext', 'taken']);
  });
});
