'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { describe, it } = require('node:test');
const { promisify } = require('node:util');

/** Puts timers that never run in the place of these, and keeps the real ones where sinon's clock does. */
const FAKES = `
  const timers = require('node:timers');
  const clock = {};
  for (const name of NAMES) {
    clock['_' + name] = globalThis[name];
    globalThis[name] = timers[name] = Object.assign(() => {}, { clock });
  }`;
const PROGRAM = `
  const { Envelope, RawAesKeyring } = require(${JSON.stringify(path.join(__dirname, '..', '..'))});
  const key = { keyNamespace: 'tests', keyName: 'key', wrappingKey: Buffer.alloc(32) };
  const envelope = new Envelope({ keyring: new RawAesKeyring(key) });
  const plaintext = Buffer.alloc(3 << 20, 1);
  (async () => {
    const message = await envelope.encrypt(plaintext);
    const parts = [];
    const stream = envelope.decryptStream();
    stream.end(message);
    for await (const part of stream) parts.push(part);
    console.log(Buffer.concat(parts).equals(plaintext) ? 'works' : 'differs');
  })();`;

describe('fake timers that were installed before the package is loaded', () => {
  const all = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'];
  for (const names of [...all.map((name) => [name]), all]) {
    it(`do not stop it: ${names.join(', ')}`, async () => {
      const program = FAKES.replace('NAMES', JSON.stringify(names)) + PROGRAM;
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], {
        timeout: 20_000,
      });
      assert.equal(stdout, 'works\n');
    });
  }
});
