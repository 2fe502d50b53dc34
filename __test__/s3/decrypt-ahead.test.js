'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { appendNewFile } = require('../../lib/native/new-file.js');
const { decryptAhead } = require('../../lib/s3-objects/decrypt-ahead.js');
const { temporaryFolder } = require('../support/files');
const { rejection } = require('../support/rejects');

const MEBIBYTE = 1024 * 1024;
const failure = new Error('the tag is another');

describe('memory that held a plaintext which did not verify', () => {
  const body = randomBytes(3 * MEBIBYTE + 100);
  const fails = () => {
    throw failure;
  };

  /** A reader that decrypts to the same bytes, and what it was given to decrypt in place. */
  function startReader(more = {}) {
    const slabs = new Set();
    const decrypt = (slab) => (slabs.add(slab.buffer), slab.length);
    const verified = () => body.length;
    return { slabs, reader: { beginAhead() {}, verify() {}, decrypt, verified, ...more } };
  }

  /** The body in chunks of an odd length; then what happens after it. */
  async function* chunks(last = () => {}) {
    for (let at = 0; at < body.length; at += 99_991) yield body.subarray(at, at + 99_991);
    last();
    yield body.subarray(0, 0);
  }

  const append = async () => {};
  /** What a reader throws comes as the cause. */
  const isOfReader = ({ cause }) => cause.message.endsWith(failure.message);
  const cases = {
    'the tag is wrong': [{ verified: fails }, append, chunks, isOfReader],
    'a slab cannot be decrypted': [
      { verify: (slab) => slab.length < MEBIBYTE && fails() },
      append,
      chunks,
      isOfReader,
    ],
    'the file cannot be written': [{}, async (bytes) => bytes.length > 0 && fails()],
    'the body breaks off': [{}, append, () => chunks(fails)],
    'the lengths differ': [
      { verified: () => body.length - 2 * MEBIBYTE },
      append,
      chunks,
      { code: 'ERR_ENVELOPE_MALFORMED_MESSAGE' },
    ],
  };
  for (const [name, [more, ...rest]] of Object.entries(cases)) {
    const [write = append, send = chunks, expected = failure] = rest;
    it(`is wiped where ${name}`, async () => {
      const { reader, slabs } = startReader(more);
      const decrypted = decryptAhead(reader, send(), body.length, write, undefined);
      await assert.rejects(decrypted, expected);
      assert.equal(slabs.size, 2);
      for (const slab of slabs) assert.ok(isZero(slab));
    });
  }

  it('is wiped where the signal fires', async () => {
    const { reader, slabs } = startReader();
    const controller = new AbortController();
    const send = chunks(() => controller.abort());
    const { signal } = controller;
    const decrypted = decryptAhead(reader, send, body.length, append, signal);
    await rejection(decrypted, 'ABORTED');
    assert.equal(slabs.size, 2);
    for (const slab of slabs) assert.ok(isZero(slab));
  });

  it('is wiped where it waited for the file', async (t) => {
    const { allocUnsafeSlow } = Buffer;
    const slabs = [];
    t.mock.method(Buffer, 'allocUnsafeSlow', (length) => {
      slabs.push(allocUnsafeSlow(length).fill(0));
      return slabs.at(-1);
    });
    const folder = temporaryFolder();
    const written = appendNewFile(path.join(folder, 'plain'), false, async (add) => {
      await add(body);
      assert.ok(slabs.some((slab) => !isZero(slab.buffer)));
      throw failure;
    });
    await assert.rejects(written, failure);
    assert.deepEqual(fs.readdirSync(folder), []);
    for (const slab of slabs) assert.ok(isZero(slab.buffer));
  });
});

/** @param {ArrayBuffer} memory */
function isZero(memory) {
  return Buffer.from(memory).equals(Buffer.alloc(memory.byteLength));
}
