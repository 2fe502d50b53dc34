'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const binding = require('../../lib/native/load.js');

const keyring = binding.Keyring.rawAes('tests', 'key', new Uint8Array(32));
const client = binding.Client.create(keyring, { requiredContextKeys: [], frameLength: 10 });
const message = sealed();

/** Starts each native transform; none of a message's body is processed yet. */
const TRANSFORMS = {
  encryption: () => binding.startEncryption(client, [], undefined),
  decryption: () => binding.startDecryption(client, message, []),
  're-encryption': () => binding.startReEncryption(client, message, [], client, undefined),
};

/** Calls that throw, by the reason. */
const FAULTS = {
  'its output has no room': (transform, input) =>
    transform.update(input, 0, input.length, new Uint8Array(1), 0),
  'its input was detached': (transform, input) => {
    structuredClone(input.buffer, { transfer: [input.buffer] });
    transform.update(input, 0, 30, new Uint8Array(500), 0);
  },
  'its output was detached': (transform, input) => {
    const output = new Uint8Array(500);
    structuredClone(output.buffer, { transfer: [output.buffer] });
    transform.update(input, 0, input.length, output, 5);
  },
  'its output is its input': (transform, input) =>
    transform.update(input, 0, input.length, input, 0),
};

describe('a native transform that has failed', () => {
  for (const [name, make] of Object.entries(TRANSFORMS)) {
    for (const [what, fail] of Object.entries(FAULTS)) {
      it(`cannot be used again: ${name}, because ${what}`, () => {
        const body = message.subarray(binding.inspectHeader(message).headerLength);
        const input = () => new Uint8Array(body);
        const output = new Uint8Array(1000);
        const transform = make();
        assert.throws(() => fail(transform, input()), /ERR_ENVELOPE_/);
        assert.throws(() => transform.update(input(), 0, 30, output, 0), /start another/);
        assert.throws(() => transform.updateLength(30), /start another/);
        assert.throws(() => transform.finish(input(), 0, 1, output, 0), /start another/);
        assert.throws(() => transform.runWhole(input(), output), /start another/);
        assert.ok(output.every((byte) => byte === 0));
      });
    }
  }
});

describe('a native transform that was released midway', () => {
  for (const [name, make] of Object.entries(TRANSFORMS)) {
    it(`has no keys any more, and tells nothing: ${name}`, () => {
      const body = message.subarray(binding.inspectHeader(message).headerLength);
      const output = new Uint8Array(1000);
      const transform = make();
      transform.update(body, 0, 30, output, 0);
      transform.release();
      const [input, untouched] = [new Uint8Array(body), new Uint8Array(1000)];
      assert.throws(() => transform.update(input, 30, 60, untouched, 0), /start another/);
      assert.throws(() => transform.finish(input, 30, body.length, untouched, 0), /start another/);
      assert.throws(() => transform.head(untouched), /start another/);
      assert.throws(() => transform.fields(), /start another/);
      assert.ok(untouched.every((byte) => byte === 0));
    });
  }
});

describe('what was released', () => {
  it('is a batch that is written: it has no data key any more', async () => {
    const batch = await binding.createBatchEncryptor(client, [], 1, 10);
    batch.release();
    const output = new Uint8Array(1000);
    assert.throws(() => batch.encrypt([new Uint8Array(10)], [output]), /start another/);
    assert.throws(() => batch.transform(), /start another/);
    assert.ok(output.every((byte) => byte === 0));
  });

  it('is a batch that is read: it has no data keys any more', async () => {
    const headers = binding.BatchHeaders.create(client, []);
    headers.push([message]);
    const batch = await headers.unwrap();
    batch.release();
    const output = new Uint8Array(1000);
    assert.throws(() => batch.decrypt(0, [message], [output]), /start another/);
    assert.throws(() => batch.transform(0), /start another/);
    assert.throws(() => batch.plaintextLength(0, message), /start another/);
    assert.ok(output.every((byte) => byte === 0));
  });

  it('is a header: it tells nothing any more, and starts nothing', () => {
    const header = binding.HeaderReader.create(client, [], false);
    assert.equal(header.push(message), true);
    header.release();
    assert.throws(() => header.push(message), /start another/);
    assert.throws(() => header.fields(), /start another/);
    assert.throws(() => header.startDecryption(), /start another/);
    assert.equal(header.takeRest().length, 0);
  });
});

function sealed() {
  const output = new Uint8Array(2000);
  const encryptShort = binding.shortEncrypter(client);
  const length = encryptShort(new Uint8Array(95), output, new Uint8Array(0), 0);
  return output.subarray(0, length);
}
