'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { CustomKeyring, Envelope, LocalKeyring, MultiKeyring, RawAesKeyring } = require('../..');
const { withDataKeys } = require('../support/data-keys');
const { temporaryFolder } = require('../support/files');
const { rejection } = require('../support/rejects');

const ODD = {
  'a new line': 'a\nb',
  'an escape sequence': 'a\u001b[31mb',
  'a C1 control': 'a\u009b31mb',
  'a bidirectional mark': 'a\u202eb',
  'an invisible space': 'a\u200bb',
  'a tag': 'a\u{e0041}b',
  'ten thousand characters': 'x'.repeat(10_000),
};
const UNSEEN =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u;
const CLI = path.join(__dirname, '..', '..', 'bin', 'kms-envelope.js');

describe('text of strangers in an error', () => {
  const folder = temporaryFolder();
  const keyFile = path.join(folder, 'local.key');
  LocalKeyring.generate(keyFile);
  const wrappingKey = Buffer.alloc(32, 7);
  const raw = (keyNamespace, keyName, key = wrappingKey) =>
    new RawAesKeyring({ keyNamespace, keyName, wrappingKey: key });

  for (const [what, odd] of Object.entries(ODD)) {
    it(`is escaped and cut: ${what} in a key's namespace, a key's name or a context's key`, async () => {
      const ours = new Envelope({ keyring: raw('ours', 'ours') });
      const several = new MultiKeyring({
        generator: raw('ours', 'a'),
        children: [raw('ours', 'b')],
      });
      const local = new Envelope(`local:${keyFile}`);
      const theirs = [raw(odd, 'name'), raw('namespace', odd)];
      const failing = [];
      for (const keyring of theirs) {
        const message = await new Envelope({ keyring }).encrypt('x');
        const other = Buffer.alloc(32, 8);
        failing.push(
          () => ours.decrypt(message),
          () => local.decrypt(message),
          () => new Envelope({ keyring: several }).decrypt(message),
          () => new Envelope({ keyring, allowedKeys: ['none'] }).decrypt(message),
          () => new Envelope({ keyring: raw(odd, 'name', other) }).decrypt(message),
          () => new Envelope({ keyring: raw('namespace', odd, other) }).decrypt(message),
          () => new Envelope({ keyring }).decryptDataKey(Buffer.alloc(9)),
        );
      }
      const custom = new CustomKeyring({
        providerId: 'namespace',
        wrapDataKey: () => assert.fail(),
        unwrapDataKey: () => Promise.reject(new Error(odd)),
      });
      const message = await new Envelope({ keyring: theirs[1] }).encrypt('x');
      const plain = await ours.encrypt('x', { encryptionContext: { tenant: 'a' } });
      const required = new Envelope({ keyring: theirs[0], requiredContextKeys: [odd] });
      failing.push(
        () => new Envelope({ keyring: custom }).decrypt(message),
        () => ours.decrypt(plain, { encryptionContext: { [odd]: 'x' } }),
        () => ours.encrypt('x', { encryptionContext: { [odd]: 1 } }),
        () => ours.encrypt('x', { encryptionContext: { [`aws-crypto-${odd}`]: 'x' } }),
        () => ours.encrypt('x', { [odd]: 1 }),
        () => required.encrypt('x'),
        () => new Envelope(`${odd} ?`),
      );
      for (const call of failing) {
        const error = await (async () => call())().then(
          () => undefined,
          (reason) => reason,
        );
        assert.ok(error, String(call));
        assertShown(error, String(call));
      }
    });
  }

  it('is cut where 100 data keys have names of 60,000 bytes each', async () => {
    const ours = new Envelope({ keyring: raw('ours', 'ours') });
    const several = new MultiKeyring({ children: [raw('ours', 'a'), raw('ours', 'b')] });
    const limited = new Envelope({ keyring: raw('ours', 'ours'), allowedKeys: ['none'] });
    const name = Buffer.from('a\u202e\n\u001b'.repeat(10_000));
    const keys = Array.from({ length: 100 }, () => ({
      providerId: 'x\n'.repeat(15_000),
      providerInfo: name,
      ciphertext: Buffer.alloc(48),
    }));
    const message = withDataKeys(ours.encryptSync('x'), keys);
    assert.ok(message.length > 6_000_000);
    for (const envelope of [ours, limited, new Envelope({ keyring: several })]) {
      assertShown(await rejection(envelope.decrypt(message), 'NO_USABLE_KEY'));
    }
  });

  it('is escaped in the names of files', async () => {
    const envelope = new Envelope({ keyring: raw('ours', 'ours') });
    for (const name of Object.values(ODD).filter((odd) => odd.length < 100)) {
      const missing = path.join(folder, 'none', name);
      const folderOf = path.join(folder, name);
      fs.mkdirSync(folderOf);
      for (const call of [
        () => envelope.encryptFile(missing, path.join(folder, 'out')),
        () => envelope.decryptFile(keyFile, path.join(missing, 'out')),
        () => envelope.encryptFile(keyFile, folderOf),
        () => envelope.encryptFile(folderOf, path.join(folder, 'out')),
        () => envelope.decryptRange(missing, { start: 0 }),
        async () => new Envelope(`local:${missing}`),
        async () => LocalKeyring.generate(missing),
        async () => new Envelope(`local:${folderOf}`),
      ]) {
        const error = await call().then(assert.fail, (reason) => reason);
        assert.match(error.code, /^ERR_ENVELOPE_/, String(call));
        assertShown(error, String(call));
      }
    }
  });

  it('is escaped and cut by the command line, too', async () => {
    for (const odd of Object.values(ODD)) {
      const message = await new Envelope({ keyring: raw('namespace', odd) }).encrypt('x');
      const file = path.join(folder, 'message');
      fs.writeFileSync(file, message);
      const args = [
        CLI,
        'decrypt',
        '--key',
        `local:${keyFile}`,
        file,
        '-o',
        path.join(folder, 'o'),
      ];
      const { status, stderr, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      assert.notEqual(status, 0);
      assert.ok(!UNSEEN.test(stderr + stdout), JSON.stringify(stderr));
      assert.ok(stderr.length < 3000, stderr);
    }
  });
});

function assertShown(error, where = '') {
  for (const text of texts(error)) {
    assert.ok(!UNSEEN.test(text) && !text.includes('\n'), `${where}: ${JSON.stringify(text)}`);
    assert.ok(text.length < 10_000, `${where}: ${text.length} characters`);
  }
}

function texts(error) {
  const cause = error.cause instanceof Error ? [error.cause.message] : [];
  return [error.message, ...cause, ...(error.errors ?? []).flatMap(texts)];
}
