'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const { afterEach, describe, it } = require('node:test');
const { WaitingBody } = require('../../lib/s3-objects/waiting-body');
const { takeSharedMemory } = require('../support/shared-memory');
const { noOpenFiles, openFiles } = require('../support/unnamed-files');

const MEBIBYTE = 1024 * 1024;
const LINUX = { skip: process.platform !== 'linux' };

describe('a body that waits for its tag', () => {
  const content = randomBytes(7 * MEBIBYTE + 5);
  const bodies = [];
  afterEach(async () => {
    await Promise.all(bodies.splice(0).map((body) => body.close()));
  });

  const newBody = () => {
    const body = new WaitingBody(() => {});
    bodies.push(body);
    return body;
  };
  const rest = async (body) => {
    await body.end();
    const pieces = [];
    for await (const piece of body.pieces()) pieces.push(piece);
    return Buffer.concat(pieces);
  };

  it('gives memory back as soon as it was read', LINUX, async () => {
    // Ten times four of the slabs that all share: more than there are.
    for (let i = 0; i < 10; i++) {
      const body = newBody();
      await body.add(content);
      assert.equal(openFiles().length, 0);
      assert.ok((await rest(body)).equals(content));
    }
  });

  it('stays in order if memory gets free when its file was begun', LINUX, async (t) => {
    const giveBack = await takeSharedMemory();
    t.after(giveBack);
    const body = newBody();
    await body.add(content.subarray(0, 6 * MEBIBYTE));
    assert.equal(openFiles().length, 1);
    await giveBack();
    await body.add(content.subarray(6 * MEBIBYTE));
    assert.ok((await rest(body)).equals(content));
    await body.close();
    await noOpenFiles();
  });

  it('is whole although its file is read in short pieces', async (t) => {
    const giveBack = await takeSharedMemory();
    t.after(giveBack);
    const { open } = fs.promises;
    t.mock.method(fs.promises, 'open', async (...args) => {
      const file = await open(...args);
      const read = file.read.bind(file);
      t.mock.method(file, 'read', (buffer, at, length, position) =>
        read(buffer, at, Math.min(length, 300_001), position),
      );
      return file;
    });
    const body = newBody();
    await body.add(content);
    assert.ok((await rest(body)).equals(content));
  });
});
