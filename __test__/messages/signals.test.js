'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { getEventListeners } = require('node:events');
const path = require('node:path');
const { describe, it } = require('node:test');
const { setTimeout: wait } = require('node:timers/promises');
const { promisify } = require('node:util');

const { CustomKeyring, Envelope } = require('../..');
const { rejection } = require('../support/rejects');

/** A keyring that never answers. */
function silent() {
  const never = () => wait(60_000, undefined, { ref: false });
  return new CustomKeyring({ providerId: 'silent', wrapDataKey: never, unwrapDataKey: never });
}

describe('many calls on one signal', () => {
  it('print no warning', async () => {
    const program = `
      const { CustomKeyring, Envelope } = require(${JSON.stringify(path.join(__dirname, '..', '..'))});
      const never = () => new Promise((resolve) => setTimeout(resolve, 60_000).unref());
      const keyring = new CustomKeyring({ providerId: 'p', wrapDataKey: never, unwrapDataKey: never });
      const envelope = new Envelope({ keyring });
      const controller = new AbortController();
      const { signal } = controller;
      const calls = Array.from({ length: 30 }, () => envelope.encrypt('x', { signal }));
      const streams = Array.from({ length: 30 }, () => envelope.encryptStream({ signal }));
      const web = Array.from({ length: 30 }, () => envelope.encryptWebStream({ signal }));
      const ended = streams.map((stream) => new Promise((done) => stream.on('error', done)));
      setTimeout(() => controller.abort(), 50);
      Promise.all([...calls.map((call) => call.catch((error) => error)), ...ended]).then((errors) =>
        console.log(new Set(errors.map((error) => error.code + errors.length))));`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['-e', program]);
    assert.equal(stdout, "Set(1) { 'ERR_ENVELOPE_ABORTED60' }\n");
    assert.equal(stderr, '');
  });

  it('each end, and leave no listener behind', async () => {
    const envelope = new Envelope({ keyring: silent() });
    const controller = new AbortController();
    const { signal } = controller;
    const calls = Array.from({ length: 20 }, () =>
      rejection(envelope.encrypt('x', { signal }), 'ABORTED'),
    );
    await wait(20);
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    controller.abort('enough');
    for (const error of await Promise.all(calls)) {
      assert.equal(error.cause, 'enough');
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('that end by themselves leave no listener behind, and later ones still end', async () => {
    let key;
    const keyring = new CustomKeyring({
      providerId: 'quick',
      wrapDataKey: async ({ dataKey }) => {
        key = Buffer.from(dataKey);
        return { ciphertext: Buffer.from('0'), keyName: 'k' };
      },
      unwrapDataKey: async () => Buffer.from(key),
    });
    const { signal } = new AbortController();
    const envelope = new Envelope({ keyring });
    await Promise.all(Array.from({ length: 5 }, () => envelope.encrypt('x', { signal })));
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    const controller = new AbortController();
    await envelope.encrypt('x', { signal: controller.signal });
    const waiting = rejection(
      new Envelope({ keyring: silent() }).encrypt('x', { signal: controller.signal }),
      'ABORTED',
    );
    setTimeout(() => controller.abort(), 10);
    await waiting;
  });
});
