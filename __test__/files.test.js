'use strict';

const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const crypto = require('node:crypto');
const events = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const { after, before, beforeEach, describe, it } = require('node:test');
const { pathToFileURL } = require('node:url');
const { promisify } = require('node:util');

const { AwsKmsKeyring, Envelope, RawAesKeyring, inspect } = require('..');
const { startFakeKms } = require('./support/fake_kms');
const { temporaryFolder } = require('./support/files');
const { startMoto } = require('./support/moto');
const { rejection } = require('./support/rejects');
const { skipWithout } = require('./support/requirements');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const ARN = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const KIB = 1024;
const MIB = 1024 * KIB;
// Takes longer than the first report of the progress.
const LONG = 512 * MIB;

const windows = process.platform === 'win32';
const root = temporaryFolder();
const envelope = underKey();
const other = underKey({ frameLength: 1000 });

describe('encryptFile and decryptFile', () => {
  const lengths = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB - 1, MIB, MIB + 1, 5 * MIB + 3];
  for (const length of lengths) {
    it(`a round trip of ${length} bytes`, async () => {
      const data = crypto.randomBytes(length);
      const place = newPlace({ plaintext: data });
      const encrypted = await envelope.encryptFile(place('plaintext'), place('message'));
      const message = fs.readFileSync(place('message'));
      assert.deepEqual(encrypted, { plaintextLength: length, messageLength: message.length });
      assert.deepEqual(await envelope.decryptFile(place('message'), place('back')), encrypted);
      same(fs.readFileSync(place('back')), data);
      same(await envelope.decrypt(message), data);
      same(await readAsStream(place('message')), data);
      assert.deepEqual(place.names(), ['back', 'message', 'plaintext']);
    });
  }

  it('file URLs and relative paths', async () => {
    const place = newPlace({ 'a b#ü?%41': 'text' });
    const [source, message] = [place('a b#ü?%41'), place('message')].map((p) => pathToFileURL(p));
    await envelope.encryptFile(source, message);
    const here = process.cwd();
    process.chdir(place('.'));
    try {
      const decrypting = envelope.decryptFile('message', path.join('.', 'back'));
      process.chdir(here);
      await decrypting;
    } finally {
      process.chdir(here);
    }
    assert.equal(place.read('back'), 'text');
  });

  it('carry and check an encryption context', async () => {
    const place = newPlace({ plaintext: 'text' });
    const encryptionContext = { tenant: 'acme' };
    await envelope.encryptFile(place('plaintext'), place('message'), { encryptionContext });
    const message = fs.readFileSync(place('message'));
    assert.deepEqual(inspect(message).encryptionContext, encryptionContext);
    await envelope.decryptFile(place('message'), place('back'), { encryptionContext });
    const wrong = { encryptionContext: { tenant: 'other' } };
    const mismatch = envelope.decryptFile(place('message'), place('none'), wrong);
    await rejection(mismatch, 'CONTEXT_MISMATCH');
    assert.deepEqual(place.names(), ['back', 'message', 'plaintext']);
  });

  it('many at once', async () => {
    const place = newPlace({ plaintext: crypto.randomBytes(MIB) });
    const names = Array.from({ length: 40 }, (_, i) => `message ${i}`);
    await Promise.all(names.map((name) => envelope.encryptFile(place('plaintext'), place(name))));
    const back = (name) => place(`${name} back`);
    await Promise.all(names.map((name) => envelope.decryptFile(place(name), back(name))));
    const plaintext = fs.readFileSync(place('plaintext'));
    for (const name of names) same(fs.readFileSync(back(name)), plaintext);
  });
});

describe('reEncryptFile', () => {
  it('leaves a message under the other key alone, with the context', async () => {
    const data = crypto.randomBytes(MIB + 1);
    const place = newPlace({ plaintext: data });
    const encryptionContext = { tenant: 'acme' };
    const options = { encryptionContext };
    const old = await envelope.encryptFile(place('plaintext'), place('old'), options);
    const result = await envelope.reEncryptFile(place('old'), place('new'), other, options);
    const message = fs.readFileSync(place('new'));
    const lengths = { oldMessageLength: old.messageLength, messageLength: message.length };
    assert.deepEqual(result, lengths);
    same(await other.decrypt(message, options), data);
    assert.equal(inspect(message).frameLength, 1000);
    const { messageId } = inspect(fs.readFileSync(place('old')));
    assert.notDeepEqual(inspect(message).messageId, messageId);
    await rejection(envelope.decrypt(message), 'NO_USABLE_KEY');
    const wrong = { encryptionContext: { tenant: 'other' } };
    const mismatch = envelope.reEncryptFile(place('old'), place('none'), other, wrong);
    await rejection(mismatch, 'CONTEXT_MISMATCH');
    assert.deepEqual(place.names(), ['new', 'old', 'plaintext']);
  });

  it('takes a new context', async () => {
    const place = newPlace({ plaintext: 'text' });
    await envelope.encryptFile(place('plaintext'), place('old'), { encryptionContext: { a: 'b' } });
    for (const newEncryptionContext of [{ c: 'd' }, {}]) {
      const options = { newEncryptionContext, overwrite: true };
      await envelope.reEncryptFile(place('old'), place('new'), other, options);
      const { encryptionContext } = inspect(fs.readFileSync(place('new')));
      assert.deepEqual(encryptionContext, newEncryptionContext);
    }
  });

  it('refuses a message that was changed', async () => {
    const message = envelope.encryptSync(crypto.randomBytes(3 * MIB));
    message[message.length - 1] ^= 1;
    const place = newPlace({ old: message });
    const failed = envelope.reEncryptFile(place('old'), place('new'), other);
    await rejection(failed, 'AUTHENTICATION_FAILED');
    assert.deepEqual(place.names(), ['old']);
  });
});

describe('the destination', () => {
  it('can be read by its owner only', { skip: windows && 'POSIX modes' }, async () => {
    const place = newPlace({ plaintext: 'text', back: 'old' });
    fs.chmodSync(place('back'), 0o644);
    const umask = process.umask(0);
    try {
      await envelope.encryptFile(place('plaintext'), place('message'));
      await envelope.decryptFile(place('message'), place('back'), { overwrite: true });
    } finally {
      process.umask(umask);
    }
    for (const name of ['message', 'back']) {
      assert.equal(fs.statSync(place(name)).mode & 0o777, 0o600, name);
    }
  });

  it('that exists is left alone, or replaced with overwrite', async () => {
    const place = newPlace({ plaintext: 'text', message: 'old' });
    for (const options of [undefined, { overwrite: false }]) {
      const refused = envelope.encryptFile(place('plaintext'), place('message'), options);
      const error = await rejection(refused, 'FILE_EXISTS');
      assert.ok(error.message.includes(place('message')));
      assert.equal(place.read('message'), 'old');
    }
    await envelope.encryptFile(place('plaintext'), place('message'), { overwrite: true });
    await envelope.decryptFile(place('message'), place('plaintext'), { overwrite: true });
    assert.equal(place.read('plaintext'), 'text');
    const changed = fs.readFileSync(place('message'));
    changed[changed.length - 1] ^= 1;
    fs.writeFileSync(place('message'), changed);
    const failed = envelope.decryptFile(place('message'), place('plaintext'), { overwrite: true });
    await rejection(failed, 'AUTHENTICATION_FAILED');
    assert.equal(place.read('plaintext'), 'text');
    assert.deepEqual(place.names(), ['message', 'plaintext']);
  });

  it('of several at once is of one of them', async () => {
    const place = newPlace({ plaintext: crypto.randomBytes(MIB) });
    const one = () => envelope.encryptFile(place('plaintext'), place('message'));
    const results = await Promise.allSettled(Array.from({ length: 10 }, one));
    const failed = results.filter(({ status }) => status === 'rejected');
    assert.equal(failed.length, 9);
    for (const { reason } of failed) await rejection(Promise.reject(reason), 'FILE_EXISTS');
    await envelope.decryptFile(place('message'), place('back'));
    assert.deepEqual(place.names(), ['back', 'message', 'plaintext']);
  });

  it('must not be the source, by whatever name', async () => {
    const place = newPlace({ plaintext: 'text' });
    fs.linkSync(place('plaintext'), place('hard link'));
    fs.symlinkSync(place('.'), place('folder'), 'junction');
    const names = ['plaintext', 'hard link', path.join('folder', 'plaintext')];
    for (const name of names) {
      for (const overwrite of [false, true]) {
        const refused = envelope.encryptFile(place('plaintext'), place(name), { overwrite });
        const error = await rejection(refused, 'FILE');
        assert.match(error.message, /the source itself/);
      }
    }
    assert.equal(place.read('plaintext'), 'text');
    assert.deepEqual(place.names(), ['folder', 'hard link', 'plaintext']);
  });

  it('must not be a folder, nor a symbolic link', { skip: windows && 'links' }, async () => {
    const place = newPlace({ plaintext: 'text', real: 'real' });
    fs.mkdirSync(place('folder'));
    fs.symlinkSync(place('real'), place('link'));
    fs.symlinkSync(place('nowhere'), place('dangling'));
    const names = place.names();
    for (const name of ['folder', 'link', 'dangling']) {
      for (const overwrite of [false, true]) {
        const refused = envelope.encryptFile(place('plaintext'), place(name), { overwrite });
        await rejection(refused, 'FILE');
      }
    }
    await rejection(envelope.encryptFile(place('plaintext'), '/dev/null'), 'FILE');
    assert.deepEqual(place.names(), names);
    assert.equal(place.read('real'), 'real');
  });

  it('must not end like a folder', async () => {
    const place = newPlace({ plaintext: 'text' });
    const slash = `${place('new')}${path.sep}`;
    await rejection(envelope.encryptFile(place('plaintext'), slash), 'FILE');
    assert.deepEqual(place.names(), ['plaintext']);
  });

  it('needs a folder', async () => {
    const place = newPlace({ plaintext: 'text' });
    for (const name of [path.join('none', 'message'), path.join('plaintext', 'message')]) {
      const refused = envelope.encryptFile(place('plaintext'), place(name));
      const error = await rejection(refused, 'FILE');
      assert.match(error.message, /folder/);
    }
    assert.deepEqual(place.names(), ['plaintext']);
  });

  it('may have a name of 255 bytes', async () => {
    const place = newPlace({ plaintext: 'text' });
    const name = `${'ü'.repeat(127)}x`;
    await envelope.encryptFile(place('plaintext'), place(name));
    await rejection(envelope.encryptFile(place('plaintext'), place(`${name}x`)), 'FILE');
    assert.deepEqual(place.names(), ['plaintext', name]);
  });
});

describe('the source', () => {
  it('must be a file', async () => {
    const place = newPlace({});
    fs.mkdirSync(place('folder'));
    for (const call of ['encryptFile', 'decryptFile']) {
      const missing = envelope[call](place('none'), place('out'));
      const error = await rejection(missing, 'FILE_NOT_FOUND');
      assert.ok(error.message.includes(place('none')));
      await rejection(envelope[call](place('folder'), place('out')), 'FILE');
      await rejection(envelope[call]('a\0b', place('out')), 'FILE');
    }
    assert.deepEqual(place.names(), ['folder']);
  });

  it('is not waited for', { skip: windows && 'named pipes' }, async () => {
    const place = newPlace({});
    execFileSync('mkfifo', [place('pipe')]);
    await rejection(envelope.encryptFile(place('pipe'), place('out')), 'FILE');
  });

  const byRoot = process.getuid?.() === 0 && 'root may read every file';
  it('must be readable', { skip: windows ? 'POSIX modes' : byRoot }, async () => {
    const place = newPlace({ plaintext: 'text' });
    fs.chmodSync(place('plaintext'), 0);
    await rejection(envelope.encryptFile(place('plaintext'), place('out')), 'FILE');
    assert.deepEqual(place.names(), ['plaintext']);
  });
});

describe('arguments', () => {
  it('that are wrong are refused', async () => {
    const place = newPlace({ plaintext: 'text' });
    const [source, out] = [place('plaintext'), place('out')];
    const wrongOptions = [
      null,
      'x',
      { unknown: 1 },
      { plaintextLength: 4 },
      { overwrite: 1 },
      { onProgress: 'x' },
      { signal: {} },
      { encryptionContext: { a: 1 } },
    ];
    for (const options of wrongOptions) {
      await rejection(envelope.encryptFile(source, out, options), 'INVALID_ARGUMENT');
      await rejection(envelope.decryptFile(source, out, options), 'INVALID_ARGUMENT');
      await rejection(envelope.reEncryptFile(source, out, other, options), 'INVALID_ARGUMENT');
    }
    for (const wrong of [undefined, null, 5, '', {}, Buffer.from('x'), new URL('http://x/y')]) {
      await rejection(envelope.encryptFile(wrong, out), 'INVALID_ARGUMENT');
      await rejection(envelope.decryptFile(source, wrong), 'INVALID_ARGUMENT');
      await rejection(envelope.reEncryptFile(source, out, wrong), 'INVALID_ARGUMENT');
    }
    const newEncryptionContext = { a: 1 };
    const wrong = envelope.reEncryptFile(source, out, other, { newEncryptionContext });
    await rejection(wrong, 'INVALID_ARGUMENT');
    assert.deepEqual(place.names(), ['plaintext']);
  });

  it('with a file URL that names no path are refused', async () => {
    const url = new URL('file:///a%2Fb');
    await rejection(envelope.encryptFile(url, 'out'), 'INVALID_ARGUMENT');
    await rejection(envelope.openMessage(url), 'INVALID_ARGUMENT');
  });
});

describe('a message that was changed', () => {
  const short = underKey({ frameLength: 10 });
  const message = short.encryptSync('twenty-five bytes of text');

  it('by one bit leaves no file', async () => {
    const place = newPlace({});
    for (let at = 0; at < message.length; at++) {
      const changed = Buffer.from(message);
      changed[at] ^= 1 << (at % 8);
      const error = await refused(short, place, changed);
      assert.doesNotMatch(error.code, /INTERNAL|INVALID_ARGUMENT|FILE|KMS/, `byte ${at}`);
    }
  });

  it('by a cut, or by bytes after its end, leaves no file', async () => {
    const place = newPlace({});
    for (let length = 0; length < message.length; length++) {
      await refused(short, place, message.subarray(0, length), 'TRUNCATED_MESSAGE');
    }
    for (const more of [Buffer.alloc(1), Buffer.alloc(100_000), message]) {
      await refused(short, place, Buffer.concat([message, more]), 'MALFORMED_MESSAGE');
    }
  });

  it('far behind the first plaintext leaves no file', async () => {
    const place = newPlace({});
    const long = envelope.encryptSync(crypto.randomBytes(9 * MIB));
    await refused(envelope, place, long.subarray(0, -1), 'TRUNCATED_MESSAGE');
    await refused(envelope, place, Buffer.concat([long, Buffer.alloc(1)]), 'MALFORMED_MESSAGE');
    long[long.length - 1] ^= 1;
    await refused(envelope, place, long, 'AUTHENTICATION_FAILED');
  });

  /** The error of decrypting it as a file; with this code, if one is given. */
  async function refused(reader, place, bytes, code) {
    fs.writeFileSync(place('message'), bytes);
    const decrypting = reader.decryptFile(place('message'), place('back'));
    const error = await decrypting.then(
      () => assert.fail('it was accepted'),
      (reason) => reason,
    );
    await rejection(Promise.reject(error), code ?? error.code.replace('ERR_ENVELOPE_', ''));
    assert.deepEqual(place.names(), ['message']);
    return error;
  }
});

describe('onProgress', () => {
  it('rises to the end', async (t) => {
    const place = newPlace({ long: '' });
    fs.truncateSync(place('long'), LONG);
    const seen = [];
    const options = { onProgress: (progress) => seen.push(progress) };
    const { messageLength } = await envelope.encryptFile(place('long'), place('out'), options);
    t.diagnostic(`${seen.length} reports`);
    assert.ok(seen.length > 1, 'it was told of the way');
    checkProgress(seen, LONG);
    fs.rmSync(place('long'));
    seen.length = 0;
    await envelope.reEncryptFile(place('out'), place('new'), underKey(), options);
    checkProgress(seen, messageLength);
    fs.rmSync(place('.'), { recursive: true });
  });

  it('is told the end of a short file, too', async () => {
    const place = newPlace({ plaintext: 'text' });
    let last;
    const options = { onProgress: (progress) => (last = progress) };
    await envelope.encryptFile(place('plaintext'), place('message'), options);
    assert.deepEqual(last, { bytesDone: 4, bytesTotal: 4 });
    const decrypted = await envelope.decryptFile(place('message'), place('back'), options);
    const length = decrypted.messageLength;
    assert.deepEqual(last, { bytesDone: length, bytesTotal: length });
  });

  it('that throws ends the job with its error', async () => {
    const place = newPlace({ long: '' });
    fs.truncateSync(place('long'), LONG);
    const enough = new Error('enough');
    const onProgress = () => {
      throw enough;
    };
    const ended = envelope.encryptFile(place('long'), place('out'), { onProgress });
    await assert.rejects(ended, (error) => error === enough);
    assert.deepEqual(place.names(), ['long']);
  });

  it('that throws at the very end does not go unheard', async () => {
    const place = newPlace({ plaintext: 'text' });
    const enough = new Error('enough');
    const onProgress = () => {
      throw enough;
    };
    const ended = envelope.encryptFile(place('plaintext'), place('message'), { onProgress });
    await assert.rejects(ended, (error) => error === enough);
  });

  function checkProgress(seen, total) {
    for (const [i, { bytesDone, bytesTotal }] of seen.entries()) {
      assert.equal(bytesTotal, total);
      assert.ok(bytesDone >= (seen[i - 1]?.bytesDone ?? 0) && bytesDone <= total);
    }
    assert.equal(seen.at(-1).bytesDone, total);
  }
});

describe('an AbortSignal', () => {
  it('that has fired stops a file before it starts', async () => {
    const place = newPlace({ plaintext: 'text' });
    const signal = AbortSignal.abort(new Error('enough'));
    const jobs = [
      envelope.encryptFile(place('plaintext'), place('out'), { signal }),
      envelope.decryptFile(place('plaintext'), place('out'), { signal }),
      envelope.reEncryptFile(place('plaintext'), place('out'), other, { signal }),
    ];
    for (const job of jobs) {
      const error = await rejection(job, 'ABORTED');
      assert.equal(error.name, 'AbortError');
      assert.equal(error.cause, signal.reason);
    }
    assert.deepEqual(place.names(), ['plaintext']);
  });

  it('stops a file midway, and leaves nothing', async () => {
    const place = newPlace({ long: '' });
    fs.truncateSync(place('long'), LONG);
    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: () => controller.abort() };
    const error = await rejection(
      envelope.encryptFile(place('long'), place('out'), options),
      'ABORTED',
    );
    assert.equal(error.cause, controller.signal.reason);
    assert.deepEqual(place.names(), ['long']);
  });

  it('is let go of at the end', async () => {
    const place = newPlace({ plaintext: 'text' });
    const { signal } = new AbortController();
    await envelope.encryptFile(place('plaintext'), place('message'), { signal });
    await rejection(
      envelope.encryptFile(place('plaintext'), place('message'), { signal }),
      'FILE_EXISTS',
    );
    assert.equal(events.getEventListeners(signal, 'abort').length, 0);
  });
});

describe('while KMS is asked (injected)', () => {
  const Plaintext = Buffer.alloc(32, 1).toString('base64');
  const CiphertextBlob = Buffer.alloc(100, 2).toString('base64');
  const good = { body: { KeyId: ARN, Plaintext, CiphertextBlob } };
  let fake;
  let answer;
  let kms;

  before(async () => {
    fake = await startFakeKms((...call) => answer(...call));
    kms = new Envelope({ keyring: new AwsKmsKeyring({ keyId: ARN, endpoint: fake.endpoint }) });
  });
  beforeEach(() => (answer = () => good));
  after(() => fake.stop());

  it('a signal ends the request and the job', async () => {
    const place = newPlace({ plaintext: 'text' });
    await kms.encryptFile(place('plaintext'), place('message'));
    const jobs = {
      encryptFile: (options) => kms.encryptFile(place('plaintext'), place('out'), options),
      decryptFile: (options) => kms.decryptFile(place('message'), place('out'), options),
      reEncryptFile: (options) => kms.reEncryptFile(place('message'), place('out'), kms, options),
    };
    for (const [name, job] of Object.entries(jobs)) {
      const controller = new AbortController();
      answer = () => {
        setImmediate(() => controller.abort());
        return { never: true };
      };
      const { closed } = fake.state;
      await rejection(job({ signal: controller.signal }), 'ABORTED');
      assert.deepEqual(place.names(), ['message', 'plaintext'], name);
      while (fake.state.closed === closed) await new Promise(setImmediate);
    }
  });

  it('a callback that throws ends the job', async () => {
    const place = newPlace({ plaintext: 'text' });
    const enough = new Error('enough');
    answer = () => ({ never: true });
    const onProgress = ({ bytesDone, bytesTotal }) => {
      assert.deepEqual([bytesDone, bytesTotal], [0, 4]);
      throw enough;
    };
    const ended = kms.encryptFile(place('plaintext'), place('out'), { onProgress });
    await assert.rejects(ended, (error) => error === enough);
    assert.deepEqual(place.names(), ['plaintext']);
  });

  it('a refusal leaves nothing', async () => {
    const place = newPlace({ plaintext: 'text' });
    answer = () => ({ status: 400, body: { __type: 'AccessDeniedException' } });
    const refused = kms.encryptFile(place('plaintext'), place('out'));
    await rejection(refused, 'KMS_ACCESS_DENIED');
    assert.deepEqual(place.names(), ['plaintext']);
  });

  it('another may take the name', async () => {
    const place = newPlace({ plaintext: 'text' });
    answer = () => {
      fs.writeFileSync(place('out'), 'theirs');
      return good;
    };
    await rejection(kms.encryptFile(place('plaintext'), place('out')), 'FILE_EXISTS');
    assert.equal(place.read('out'), 'theirs');
    assert.deepEqual(place.names(), ['out', 'plaintext']);
  });

  it('the source may be cut', async () => {
    const place = newPlace({ plaintext: crypto.randomBytes(5 * MIB) });
    await kms.encryptFile(place('plaintext'), place('message'));
    const length = fs.statSync(place('message')).size;
    answer = () => {
      fs.truncateSync(place('message'), length - 1);
      return good;
    };
    const cut = kms.decryptFile(place('message'), place('out'));
    await rejection(cut, 'TRUNCATED_MESSAGE');
    assert.deepEqual(place.names(), ['message', 'plaintext']);
    answer = () => {
      fs.truncateSync(place('plaintext'), MIB);
      return good;
    };
    const { plaintextLength } = await kms.encryptFile(place('plaintext'), place('out'));
    assert.equal(plaintextLength, MIB);
    same(await kms.decrypt(fs.readFileSync(place('out'))), fs.readFileSync(place('plaintext')));
  });
});

it('a source that is cut while it is read does not hang', async () => {
  const place = newPlace({ long: '' });
  fs.truncateSync(place('long'), LONG);
  await envelope.encryptFile(place('long'), place('message'));
  let cuts = 0;
  const cutAtOnce = (name) => ({
    onProgress() {
      if (cuts++ === 0) fs.truncateSync(place(name), 10 * MIB);
    },
  });
  const decrypting = envelope.decryptFile(place('message'), place('out'), cutAtOnce('message'));
  await rejection(decrypting, 'TRUNCATED_MESSAGE');
  assert.deepEqual(place.names(), ['long', 'message']);
  cuts = 0;
  const result = await envelope.encryptFile(place('long'), place('out'), cutAtOnce('long'));
  assert.ok(result.plaintextLength < LONG);
  assert.equal(await envelope.plaintextSize(place('out')), result.plaintextLength);
  fs.rmSync(place('.'), { recursive: true });
});

describe('AWS KMS (moto)', { skip: skipWithout('python') }, () => {
  let moto;
  let kms;
  const calls = async () => (await moto.requests()).map(({ target }) => target.split('.')[1]);

  before(async () => {
    moto = await startMoto();
    const { arn } = await moto.createKey();
    const keyring = new AwsKmsKeyring({ keyId: arn, endpoint: moto.endpoint });
    kms = new Envelope({ keyring });
  });
  beforeEach(() => moto.clearRequests());
  after(() => moto?.stop());

  it('is asked once for each key', async () => {
    const place = newPlace({ plaintext: crypto.randomBytes(3 * MIB) });
    await kms.encryptFile(place('plaintext'), place('message'));
    assert.deepEqual(await calls(), ['GenerateDataKey']);
    await kms.decryptFile(place('message'), place('back'));
    assert.deepEqual(await calls(), ['GenerateDataKey', 'Decrypt']);
    same(fs.readFileSync(place('back')), fs.readFileSync(place('plaintext')));
    await kms.reEncryptFile(place('message'), place('new'), kms);
    assert.deepEqual((await calls()).slice(2), ['Decrypt', 'GenerateDataKey']);
    await kms.decryptFile(place('new'), place('back'), { overwrite: true });
    same(fs.readFileSync(place('back')), fs.readFileSync(place('plaintext')));
  });

  it('is not asked where the files will not do', async () => {
    const place = newPlace({ plaintext: 'text', taken: 'taken' });
    await kms.encryptFile(place('plaintext'), place('message'));
    fs.writeFileSync(place('cut'), fs.readFileSync(place('message')).subarray(0, 50));
    await moto.clearRequests();
    for (const [source, destination, code] of [
      ['message', 'taken', 'FILE_EXISTS'],
      ['message', 'message', 'FILE'],
      ['message', '.', 'FILE'],
      ['message', path.join('none', 'out'), 'FILE'],
      ['none', 'out', 'FILE_NOT_FOUND'],
    ]) {
      const paths = [place(source), place(destination)];
      await rejection(kms.encryptFile(...paths), code);
      await rejection(kms.decryptFile(...paths), code);
      await rejection(kms.reEncryptFile(...paths, kms), code);
    }
    await rejection(kms.decryptFile(place('plaintext'), place('out')), 'MALFORMED_MESSAGE');
    await rejection(kms.decryptFile(place('cut'), place('out')), 'TRUNCATED_MESSAGE');
    const wrong = { encryptionContext: { a: 'b' } };
    const mismatch = kms.decryptFile(place('message'), place('out'), wrong);
    await rejection(mismatch, 'CONTEXT_MISMATCH');
    assert.deepEqual(await calls(), []);
    assert.deepEqual(place.names(), ['cut', 'message', 'plaintext', 'taken']);
  });
});

describe('a full disk', () => {
  for (const operation of ['encryptFile', 'decryptFile']) {
    it(`ends ${operation}, and leaves nothing`, async (t) => {
      if (!canMount()) return t.skip('needs Linux, and the right to mount a small disk');
      const place = newPlace({ plaintext: crypto.randomBytes(2 * MIB) });
      fs.mkdirSync(place('disk'));
      // The key of file_job.js.
      const writer = underKey({ wrappingKey: Buffer.alloc(32, 1) });
      await writer.encryptFile(place('plaintext'), place('message'));
      const source = place(operation === 'encryptFile' ? 'plaintext' : 'message');
      const result = await onSmallDisk(place('disk'), operation, source, place('disk/out'));
      assert.equal(result.code, 'ERR_ENVELOPE_DISK_FULL');
      assert.deepEqual(result.left, []);
    });
  }

  const unshare = (...command) => ['unshare', ['--map-root-user', '--mount', ...command]];
  const mount = 'mount -t tmpfs -o size=1m tmpfs "$0"';

  function canMount() {
    if (process.platform !== 'linux') return false;
    try {
      const [command, args] = unshare('sh', '-c', mount, root);
      execFileSync(command, args, { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  }

  /** Runs file_job.js where the folder is a disk of 1 MiB, which goes with the process. */
  async function onSmallDisk(folder, ...job) {
    const script = path.join(__dirname, 'support', 'file_job.js');
    const run = [process.execPath, script, ...job];
    const [command, args] = unshare('sh', '-c', `${mount} && exec "$@"`, folder, ...run);
    const { stdout } = await promisify(execFile)(command, args);
    return JSON.parse(stdout.trim().split('\n').at(-1));
  }
});

/** An envelope with a raw AES key of its own. */
function underKey({ frameLength, wrappingKey = crypto.randomBytes(32) } = {}) {
  const keyring = new RawAesKeyring({ keyNamespace: 'tests', keyName: 'key', wrappingKey });
  return new Envelope({ keyring, frameLength });
}

/** A new folder with these files: the path of a name in it. */
function newPlace(files) {
  const folder = fs.mkdtempSync(path.join(root, 'place-'));
  const place = (name) => path.join(folder, name);
  place.names = () => fs.readdirSync(folder).sort();
  place.read = (name) => fs.readFileSync(place(name), 'utf8');
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(place(name), content);
  return place;
}

async function readAsStream(file) {
  const pieces = [];
  await pipeline(fs.createReadStream(file), envelope.decryptStream(), async (plaintext) => {
    for await (const piece of plaintext) pieces.push(piece);
  });
  return Buffer.concat(pieces);
}

/** Large buffers, without a printed difference. */
function same(found, expected) {
  assert.ok(found.equals(expected), `${found.length} bytes, not the ${expected.length} expected`);
}
