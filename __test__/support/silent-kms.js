'use strict';

const { EventEmitter } = require('node:events');
const { after, before } = require('node:test');

const { AwsKmsKeyring, Envelope } = require('../..');
const { startFakeKms } = require('./fake-kms');

const ARN = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const GOOD = {
  body: {
    KeyId: ARN,
    Plaintext: Buffer.alloc(32, 1).toString('base64'),
    CiphertextBlob: Buffer.alloc(100, 2).toString('base64'),
  },
};

/** For the tests of a `describe`: a KMS that never answers, unless a test sets `answer`. */
function silentKms() {
  const kms = {
    GOOD,
    answer: GOOD,
    /** Emits `call` at each request. */
    asked: new EventEmitter(),
    /** A message under its key. */
    message: Buffer.alloc(0),
    state: { calls: 0, closed: 0 },
    envelope: () =>
      new Envelope({ keyring: new AwsKmsKeyring({ keyId: ARN, endpoint: fake.endpoint }) }),
  };
  let fake;
  before(async () => {
    fake = await startFakeKms(() => {
      kms.asked.emit('call');
      return kms.answer;
    });
    kms.state = fake.state;
    kms.message = await kms.envelope().encrypt('x');
    kms.answer = { never: true };
  });
  after(() => fake?.stop());
  return kms;
}

module.exports = { silentKms };
