'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs/promises');
const path = require('node:path');
const { describe, it } = require('node:test');

const { message, short, text } = require('../support/ranges');
const { temporaryFolder } = require('../support/files');
const { rejection } = require('../support/rejects');

const { size } = { size: message.length };
const never = () => new Promise(() => {});

describe('a source that does not answer in time', () => {
  it('gives a retryable error after its timeoutMs, whichever read it is', async () => {
    for (const at of [1, 2, 3]) {
      let count = 0;
      const read = (start, end) => (++count === at ? never() : message.subarray(start, end));
      const source = { size, read, timeoutMs: 30 };
      const error = await rejection(short.decryptRange(source, { end: 15 }), 'SOURCE_TIMEOUT');
      assert.equal(error.retryable, true);
      assert.match(error.message, /30 ms/);
    }
  });

  it('is waited for until its timeoutMs, and a later answer is ignored', async () => {
    const slow = (ms) => async (start, end) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return message.subarray(start, end);
    };
    assert.deepEqual(await short.decryptRange({ size, read: slow(5), timeoutMs: 5000 }), text);
    const late = short.decryptRange({ size, read: slow(50), timeoutMs: 5 });
    await rejection(late, 'SOURCE_TIMEOUT');
    await new Promise((resolve) => setTimeout(resolve, 60));
  });

  it('can be read again by the same open message', async () => {
    let hang = false;
    const read = (start, end) => (hang ? never() : message.subarray(start, end));
    const opened = await short.openMessage({ size, read, timeoutMs: 20 });
    hang = true;
    await rejection(opened.read({ end: 15 }), 'SOURCE_TIMEOUT');
    hang = false;
    assert.deepEqual(await opened.read(), text);
    await opened.close();
  });

  it('is refused if its timeoutMs is no whole number of milliseconds', async () => {
    for (const timeoutMs of [0, -1, 1.5, NaN, Infinity, '5', null, 2 ** 31]) {
      await rejection(short.openMessage({ size, read: never, timeoutMs }), 'INVALID_ARGUMENT');
    }
  });

  it('leaves no timer behind that keeps the process alive', async () => {
    const read = (start, end) => message.subarray(start, end);
    await short.decryptRange({ size, read });
    const controller = new AbortController();
    const hanging = short.decryptRange({ size, read: never }, { signal: controller.signal });
    controller.abort();
    await rejection(hanging, 'ABORTED');
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
    assert.deepEqual(timers, []);
  });
});

describe('a source whose properties run code', () => {
  it('has each of its properties read once', async () => {
    const reads = [];
    const source = new Proxy(
      { size, read: (start, end) => message.subarray(start, end), timeoutMs: 1000 },
      {
        get(target, name) {
          reads.push(name);
          return target[name];
        },
      },
    );
    assert.deepEqual(await short.decryptRange(source), text);
    const own = reads.filter((name) => ['size', 'read', 'timeoutMs'].includes(name));
    assert.deepEqual(own.sort(), ['read', 'size', 'timeoutMs']);
  });

  it('is refused if its getters throw, or if it is a revoked Proxy', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const throws = () => {
      throw new Error('getter');
    };
    const wrong = [proxy];
    for (const name of ['size', 'read', 'timeoutMs']) {
      wrong.push(Object.defineProperty({ size, read: never }, name, { get: throws }));
    }
    wrong.push(Object.defineProperty({ fd: 1 }, 'stat', { get: throws }));
    for (const source of wrong) await rejection(short.openMessage(source), 'INVALID_ARGUMENT');
  });

  it('is refused if it gives bytes of a detached buffer', async () => {
    const read = (start, end) => {
      const bytes = new Uint8Array(message.subarray(start, end));
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return bytes;
    };
    await rejection(short.openMessage({ size, read }), 'INVALID_ARGUMENT');
  });
});

describe('an object that looks like a FileHandle', () => {
  it('is refused if its methods fail, are missing or give wrong sizes', async () => {
    const stat = async () => ({ isFile: () => true, size });
    const read = async (buffer, offset, length, position) => {
      message.copy(buffer, offset, position, position + length);
      return { bytesRead: Math.min(length, size - position) };
    };
    const right = { fd: 5, stat, read };
    assert.deepEqual(await short.decryptRange(right), text);
    const fails = () => {
      throw new Error('mine');
    };
    const wrong = {
      FILE: [
        { ...right, stat: fails },
        { ...right, read: fails },
        { ...right, read: undefined },
      ],
      INVALID_ARGUMENT: [
        { ...right, stat: async () => ({ isFile: () => true, size: -1 }) },
        { ...right, stat: async () => ({ isFile: () => true }) },
        { ...right, read: async () => ({ bytesRead: 2 ** 40 }) },
        { ...right, read: async () => ({ bytesRead: '5' }) },
      ],
      TRUNCATED_MESSAGE: [{ ...right, read: async () => ({ bytesRead: 0 }) }],
    };
    wrong.FILE.push({ ...right, stat: async () => null }, { ...right, stat: async () => ({}) });
    for (const [code, sources] of Object.entries(wrong)) {
      for (const source of sources) await rejection(short.decryptRange(source), code);
    }
  });

  it('is read, and left open, if it is one', async () => {
    const file = path.join(temporaryFolder(), 'message');
    await fs.writeFile(file, message);
    const handle = await fs.open(file);
    assert.deepEqual(await short.decryptRange(handle), text);
    assert.equal((await handle.stat()).size, size);
    await handle.close();
  });
});
