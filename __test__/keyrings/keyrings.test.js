'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope, LocalKeyring, RawAesKeyring, inspect } = require('../..');
const { rejection, thrown } = require('../support/rejects');
const { temporaryFolder } = require('../support/files');

const folder = temporaryFolder();
let files = 0;
const newPath = () => path.join(folder, `${++files}.key`);

function raw(keyName, wrappingKey = crypto.randomBytes(32), keyNamespace = 'tests') {
  return new Envelope({ keyring: new RawAesKeyring({ keyNamespace, keyName, wrappingKey }) });
}

describe('RawAesKeyring', () => {
  for (const length of [16, 24, 32]) {
    it(`wraps with a key of ${length * 8} bits`, () => {
      const envelope = raw('key', crypto.randomBytes(length));
      assert.equal(envelope.decryptSync(envelope.encryptSync('x')).toString(), 'x');
    });
  }

  it('says which key a message needs', () => {
    const message = raw('theirs').encryptSync('x');
    const error = thrown(() => raw('ours').decryptSync(message), 'NO_USABLE_KEY');
    assert.match(error.message, /"tests" key "theirs"/);
    assert.match(error.message, /"tests" key "ours"/);
    thrown(() => raw('theirs').decryptSync(message), 'NO_USABLE_KEY');
  });

  it('refuses what is no key', () => {
    const good = { keyNamespace: 'a', keyName: 'b', wrappingKey: Buffer.alloc(32) };
    const wrong = [
      undefined,
      {},
      { ...good, wrappingKey: Buffer.alloc(31) },
      { ...good, wrappingKey: 'x'.repeat(32) },
      { ...good, wrappingKey: undefined },
      { ...good, keyNamespace: 'aws-kms' },
      { ...good, keyNamespace: '' },
      { ...good, keyName: '' },
      { ...good, keyName: 'x'.repeat(70_000) },
      { ...good, name: 'b' },
    ];
    for (const options of wrong) thrown(() => new RawAesKeyring(options), 'INVALID_ARGUMENT');
  });

  it('keeps a copy of its key', () => {
    const wrappingKey = crypto.randomBytes(32);
    const envelope = raw('key', wrappingKey);
    const message = envelope.encryptSync('x');
    wrappingKey.fill(0);
    assert.equal(envelope.decryptSync(message).toString(), 'x');
  });
});

describe('LocalKeyring', () => {
  it('generates a key file that only its owner can read', { skip: windows() }, () => {
    const file = newPath();
    LocalKeyring.generate(file);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    const envelope = new Envelope(`local:${file}`);
    const again = new Envelope({ keyring: new LocalKeyring(file) });
    assert.equal(again.decryptSync(envelope.encryptSync('x')).toString(), 'x');
    const [key] = inspect(envelope.encryptSync('x')).encryptedDataKeys;
    assert.equal(key.keyProviderId, 'kms-envelope-local');
    assert.ok(fs.readFileSync(file, 'utf8').includes(key.keyName));
  });

  it('never overwrites a file', () => {
    const file = newPath();
    LocalKeyring.generate(file);
    const before = fs.readFileSync(file);
    assert.match(thrown(() => LocalKeyring.generate(file), 'KEY_FILE').message, /exists already/);
    assert.deepEqual(fs.readFileSync(file), before);
  });

  it('makes another key each time', () => {
    const [a, b] = [newPath(), newPath()];
    const first = new Envelope({ keyring: LocalKeyring.generate(a) });
    const second = new Envelope({ keyring: LocalKeyring.generate(b) });
    thrown(() => second.decryptSync(first.encryptSync('x')), 'NO_USABLE_KEY');
  });

  it('refuses a file that others can read, and says how to mend it', { skip: windows() }, () => {
    const file = newPath();
    LocalKeyring.generate(file);
    for (const mode of [0o640, 0o604, 0o666, 0o610]) {
      fs.chmodSync(file, mode);
      const { message } = thrown(() => new LocalKeyring(file), 'KEY_FILE');
      assert.ok(message.includes(`chmod 600 '${file}'`), message);
    }
    fs.chmodSync(file, 0o400);
    assert.ok(new LocalKeyring(file));
  });

  it('refuses short, long and malformed files', () => {
    const file = newPath();
    LocalKeyring.generate(file);
    const text = fs.readFileSync(file, 'utf8');
    const wrong = ['', text.slice(0, -3), `${text}${text}`, text.replace('-1 ', '-2 '), '\xff\xfe'];
    wrong.push(text.replace(/[0-9a-f]\n$/, 'g\n'), text + ' '.repeat(5000), Buffer.alloc(32));
    for (const content of wrong) {
      fs.writeFileSync(file, content);
      const { message } = thrown(() => new LocalKeyring(file), 'KEY_FILE');
      assert.ok(message.includes(file));
      const [, key] = /([0-9a-f]{64})\n/.exec(text);
      assert.ok(!message.includes(key.slice(0, 16)), 'an error holds nothing of the key');
    }
  });

  it('says what is wrong with a path', () => {
    assert.match(thrown(() => new LocalKeyring(newPath()), 'KEY_FILE').message, /does not exist/);
    thrown(() => new LocalKeyring(folder), 'KEY_FILE');
    thrown(() => new Envelope('local:'), 'INVALID_ARGUMENT');
    const missing = path.join(folder, 'no', 'such', 'folder.key');
    assert.match(thrown(() => LocalKeyring.generate(missing), 'KEY_FILE').message, /folder/);
  });

  it('makes data keys as KMS does', async () => {
    const envelope = new Envelope({ keyring: LocalKeyring.generate(newPath()) });
    const encryptionContext = { purpose: 'test' };
    for (const [options, length] of [
      [{}, 32],
      [{ keySpec: 'AES_256' }, 32],
      [{ keySpec: 'AES_128' }, 16],
      [{ numberOfBytes: 1 }, 1],
      [{ numberOfBytes: 1024 }, 1024],
    ]) {
      const made = await envelope.generateDataKey({ ...options, encryptionContext });
      assert.equal(made.plaintext.length, length);
      const { plaintext, keyId } = await envelope.decryptDataKey(made.ciphertextBlob, {
        encryptionContext,
      });
      assert.deepEqual(plaintext, made.plaintext);
      assert.equal(keyId, made.keyId);
      await rejection(envelope.decryptDataKey(made.ciphertextBlob), 'NO_USABLE_KEY');
    }
    for (const blob of ['', Buffer.alloc(5), Buffer.alloc(200)]) {
      await rejection(envelope.decryptDataKey(blob), 'NO_USABLE_KEY');
    }
    for (const options of [
      { keySpec: 'AES_192' },
      { numberOfBytes: 0 },
      { numberOfBytes: 1025 },
      { numberOfBytes: '32' },
      { keySpec: 'AES_256', numberOfBytes: 32 },
    ]) {
      await rejection(envelope.generateDataKey(options), 'INVALID_ARGUMENT');
    }
  });
});

describe('AwsKmsKeyring', () => {
  const keyId = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

  it('takes the four ways to name a key, and no others', () => {
    const good = [keyId, keyId.split('/')[1], 'alias/app', keyId.replace(/key.*/, 'alias/app')];
    for (const id of good) assert.ok(new AwsKmsKeyring({ keyId: id }));
    for (const id of ['', 'a b', 'alias/', 'arn:aws:s3:::x', './dev.key', 5, undefined]) {
      thrown(() => new AwsKmsKeyring({ keyId: id }), 'INVALID_ARGUMENT');
    }
  });

  it('refuses options that make no sense', () => {
    const wrong = [
      { region: 'us-east-1' },
      { region: 5 },
      { maxAttempts: 0 },
      { timeoutMs: 0 },
      { grantTokens: 'x' },
      { grantTokens: [5] },
      { profile: '' },
    ];
    for (const options of wrong) {
      thrown(() => new AwsKmsKeyring({ keyId, ...options }), 'INVALID_ARGUMENT');
    }
    thrown(() => new AwsKmsKeyring({ keyId, endpoint: 'localhost:4566' }), 'CONFIGURATION');
  });

  it('cannot be waited for in a synchronous call', async () => {
    const envelope = new Envelope(keyId);
    thrown(() => envelope.encryptSync('x'), 'WOULD_BLOCK');
    const message = await raw('key').encrypt('x');
    thrown(() => envelope.decryptSync(message), 'WOULD_BLOCK');
  });
});

function windows() {
  return process.platform === 'win32' && 'Windows has no modes';
}
