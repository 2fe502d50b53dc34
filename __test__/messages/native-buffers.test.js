'use strict';

const assert = require('node:assert/strict');
const { before, describe, it } = require('node:test');

const binding = require('../../lib/native/load.js');

const REFUSED = { message: /"ERR_ENVELOPE_INVALID_ARGUMENT"/ };

const keyring = binding.Keyring.rawAes('tests', 'key', new Uint8Array(32));
const client = binding.Client.create(keyring, { requiredContextKeys: [] });
const keys = binding.FieldKeys.create(binding.TenantKeys.generate('AES256_GCM', 1000), 'acme', 10);
const column = keys.column(false, 'users', 'email');

/** Returns parts of one memory, each from an index to another. */
function parts(...ranges) {
  const memory = new Uint8Array(4000);
  return ranges.map(([from, to]) => memory.subarray(from, to));
}

const encryptShort = binding.shortEncrypter(client);
const encryptInto = (input, output) => encryptShort(input, output, new Uint8Array(0), 0);

/** The library never gives the addon such buffers; memory would be read while it is written. */
describe('the addon itself refuses', () => {
  let batch;
  before(async () => {
    batch = await binding.createBatchEncryptor(client, [], 100, 100_000);
  });
  const inputs = (count) => Array.from({ length: count }, () => new Uint8Array(10));
  const outputs = (count) => Array.from({ length: count }, () => new Uint8Array(1000));

  it('an output that overlaps its input by one byte, and takes one beside it', () => {
    const overlaps = [
      [
        [0, 100],
        [99, 2000],
      ],
      [
        [1999, 2100],
        [0, 2000],
      ],
    ];
    for (const ranges of overlaps) assert.throws(() => encryptInto(...parts(...ranges)), REFUSED);
    assert.ok(encryptInto(...parts([0, 100], [100, 2000])) > 100);
    assert.ok(encryptInto(...parts([2000, 2100], [0, 2000])) > 100);
  });

  it('outputs of a batch that overlap one another by one byte, and takes those side by side', () => {
    const overlapping = parts([1000, 2000], [0, 1001]);
    assert.throws(() => batch.encrypt(inputs(2), overlapping), REFUSED);
    const beside = batch.encrypt(inputs(2), parts([1000, 2000], [0, 1000]));
    assert.deepEqual(
      beside.map(({ error }) => error),
      [undefined, undefined],
    );
  });

  it('an output of a batch that overlaps an input by one byte, and takes one beside it', () => {
    for (const at of [0, 1]) {
      const [output, before, behind] = parts([100, 1100], [90, 101], [1099, 1110]);
      for (const input of [before, behind]) {
        const given = inputs(2);
        given[at] = input;
        assert.throws(() => batch.encrypt(given, [output, ...outputs(1)]), REFUSED);
      }
    }
    const [output, before, behind] = parts([100, 1100], [90, 100], [1100, 1110]);
    for (const settled of batch.encrypt([before, behind], [output, ...outputs(1)])) {
      assert.equal(settled.error, undefined);
    }
  });

  it('an input or an output of a batch without a partner', () => {
    assert.throws(() => batch.encrypt(inputs(2), outputs(1)), REFUSED);
    assert.throws(() => batch.encrypt(inputs(1), outputs(2)), REFUSED);
  });

  it('memory that other threads can change, and arrays of other kinds', () => {
    const others = [
      new Uint8Array(new SharedArrayBuffer(1000)),
      new Int8Array(1000),
      new Uint8ClampedArray(1000),
      new Uint16Array(1000),
      new DataView(new ArrayBuffer(1000)),
      new ArrayBuffer(1000),
    ];
    for (const other of others) {
      assert.throws(() => encryptInto(other, new Uint8Array(3000)), REFUSED);
      assert.throws(() => encryptInto(new Uint8Array(10), other), REFUSED);
      assert.throws(() => batch.encrypt([other], outputs(1)), REFUSED);
      assert.throws(() => binding.wipe(other), REFUSED);
    }
  });

  it('places and lengths that are negative, or behind the end', () => {
    const update = (from, to, at) => {
      const transform = binding.startEncryption(client, [], undefined);
      transform.update(new Uint8Array(10), from, to, new Uint8Array(1000), at);
    };
    update(0, 10, 1000);
    for (const places of [
      [-1, 10, 0],
      [0, -1, 0],
      [0, 11, 0],
      [6, 5, 0],
      [0, 10, -1],
      [0, 10, 1001],
    ]) {
      assert.throws(() => update(...places), REFUSED, `${places}`);
    }
    assert.throws(() => binding.startEncryption(client, [], -1), REFUSED);
    const texts = new Uint8Array(10);
    for (const end of [-1, 11, 2 ** 32]) {
      assert.throws(() => encryptShort(texts, new Uint8Array(1000), texts, end), REFUSED, `${end}`);
    }
    assert.throws(() => binding.FieldKeys.create(keys.current(), 'acme', -1), REFUSED);
  });

  it('a row that ends behind its buffer', () => {
    const scratch = new Uint8Array(100);
    const output = new Uint8Array(200);
    const encrypt = column.encrypter();
    const decrypt = column.decrypter();
    assert.throws(() => encrypt(scratch, 21, 20, output), REFUSED);
    const length = encrypt(scratch, 20, 20, output);
    const sealed = output.subarray(0, length);
    assert.throws(() => decrypt(sealed, 101, scratch), REFUSED);
    assert.equal(decrypt(sealed, 20, scratch), 0);
  });
});

describe('the addon overwrites', () => {
  for (const length of [0, 1, 1000, 1024 * 1024, 3 * 1024 * 1024 + 1]) {
    it(`${length} bytes, and none around them`, () => {
      const memory = Buffer.alloc(length + 20, 0xaa);
      binding.wipe(memory.subarray(7, 7 + length));
      assert.ok(memory.subarray(0, 7).every((byte) => byte === 0xaa));
      assert.ok(memory.subarray(7, 7 + length).every((byte) => byte === 0));
      assert.ok(memory.subarray(7 + length).every((byte) => byte === 0xaa));
    });
  }

  it('nothing of memory that was detached', () => {
    const bytes = new Uint8Array(1000);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    binding.wipe(bytes);
    assert.equal(bytes.length, 0);
  });
});
