'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { getEventListeners } = require('node:events');
const path = require('node:path');
const { describe, it } = require('node:test');
const { setTimeout: wait } = require('node:timers/promises');
const { promisify } = require('node:util');

const { CustomKeyring, Envelope } = require('../..');
const { nodeBinary } = require('../support/nodes');
const { rejection } = require('../support/rejects');
const { requireOrSkip } = require('../support/requirements');

const PROGRAM = path.join(__dirname, '..', 'support', 'one-signal.js');

/** A keyring that never answers. */
function silent() {
  const never = () => wait(60_000, undefined, { ref: false });
  return new CustomKeyring({ providerId: 'silent', wrapDataKey: never, unwrapDataKey: never });
}

describe('eleven calls of one function with one signal, and a thousand', () => {
  // From eleven listeners on, Node.js 20 warns of a signal, too.
  for (const major of [20, 22, 24, 26]) {
    it(`print no warning on Node.js ${major}, and leave no listener`, async (t) => {
      const node = nodeBinary(major);
      if (!requireOrSkip(t, node, `Node.js ${major}`)) return;
      const { stdout, stderr } = await promisify(execFile)(node, [PROGRAM]);
      const { found, warnings } = JSON.parse(stdout);
      assert.deepEqual([warnings, stderr], [[], '']);
      assert.ok(Object.keys(found).length >= 15);
      for (const [name, [eleven, aborted, thousand = eleven]] of Object.entries(found)) {
        assert.deepEqual(eleven, { during: 1, after: 0, ends: ['fulfilled'] }, name);
        assert.deepEqual(aborted, { ...eleven, ends: ['ERR_ENVELOPE_ABORTED'] }, name);
        assert.deepEqual(thousand, eleven, name);
      }
    });
  }
});

describe('many calls on one signal', () => {
  it('are all ended by it, and leave no listener behind', async () => {
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
