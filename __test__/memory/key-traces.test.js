'use strict';

const assert = require('node:assert/strict');
const { execFile, execFileSync, spawn } = require('node:child_process');
const crypto = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const readline = require('node:readline');
const tls = require('node:tls');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { Envelope, RawAesKeyring, inspect } = require('../..');
const { startFakeKms } = require('../support/fake-kms');
const { temporaryFolder } = require('../support/files');
const { holds, inMemory, mappings } = require('../support/process-memory');
const { PYTHON, requireOrSkip, skipWithout } = require('../support/requirements');

const ARN = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const LINUX = process.platform === 'linux';

for (const scheme of ['http', 'https']) {
  const skip = (!LINUX && 'Linux only') || (scheme === 'https' && skipWithout('python'));
  describe(`the memory of a process that asks KMS over ${scheme}`, { skip }, () =>
    tracesOver(scheme),
  );
}

function tracesOver(scheme) {
  const folder = temporaryFolder();
  /** @type {Map<string, Buffer>} the data keys, by their wrapped form */
  const dataKeys = new Map();
  let fake;
  let child;
  let told;
  let secured;

  before(async () => {
    fake = await startFakeKms((operation, { CiphertextBlob }) => {
      const wrapped = CiphertextBlob ?? crypto.randomBytes(60).toString('base64');
      if (!dataKeys.has(wrapped)) dataKeys.set(wrapped, crypto.randomBytes(32));
      const Plaintext = dataKeys.get(wrapped).toString('base64');
      return { body: { KeyId: ARN, Plaintext, CiphertextBlob: wrapped } };
    });
    const script = path.join(__dirname, '..', 'support', 'key-user.js');
    const env = { ...process.env, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    let { endpoint } = fake;
    if (scheme === 'https') {
      secured = await terminateTls(new URL(endpoint).port, path.join(folder, 'authority.pem'));
      env.SSL_CERT_FILE = secured.authority;
      endpoint = secured.endpoint;
    }
    const args = ['--expose-gc', script, endpoint, ARN];
    child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await once(readline.createInterface({ input: child.stdout }), 'line');
    told = JSON.parse(line);
  });
  after(async () => {
    child.stdin.end();
    await once(child, 'exit');
    secured?.stop();
    await fake.stop();
  });

  it('holds no derived key, and no data key but those in the cache', () => {
    const cached = headerOf(told.cached).wrapped;
    const needles = [...dataKeys]
      .filter(([wrapped]) => wrapped !== cached)
      .flatMap(([, key], i) => [
        [`data key ${i}`, key],
        [`data key ${i}, as KMS sent it`, Buffer.from(key.toString('base64'))],
      ]);
    assert.ok(needles.length >= 8, `${needles.length} data keys`);
    for (const [i, message] of [...told.messages, told.cached].entries()) {
      needles.push([`derived key ${i}`, derivedKey(message)]);
      needles.push([`extracted key ${i}`, extractedKey(message)]);
    }
    // The last answer's too, as it came.
    needles.push(['the cached key, as sent', Buffer.from(dataKeys.get(cached).toString('base64'))]);
    const found = needles.filter(([, key]) => inMemory(child.pid, key)).map(([name]) => name);
    assert.deepEqual(found, []);
    // The same search finds what is there.
    assert.ok(inMemory(child.pid, dataKeys.get(cached)), 'the cached data key');
    assert.ok(inMemory(child.pid, Buffer.from('plaintext plaintext plaintext')));
  });

  it('holds no private key of a data key pair', async () => {
    const wrappingKey = Buffer.alloc(32, 1);
    const keyring = new RawAesKeyring({ keyNamespace: 'raw', keyName: 'key', wrappingKey });
    for (const blob of told.pairs) {
      const { plaintext } = await new Envelope({ keyring }).decryptDataKey(
        Buffer.from(blob, 'base64'),
      );
      const key = crypto.createPrivateKey({ key: plaintext, format: 'der', type: 'pkcs8' });
      const { d, p = d } = key.export({ format: 'jwk' });
      for (const secret of [d, p].map((text) => Buffer.from(text, 'base64url'))) {
        assert.ok(!inMemory(child.pid, secret), `${key.asymmetricKeyType}, as in DER`);
        assert.ok(!inMemory(child.pid, secret.reverse()), `${key.asymmetricKeyType}, as a number`);
      }
    }
  });

  it('shows the cached data key in no core dump', async (t) => {
    const gcore = fs.existsSync('/usr/bin/gcore') && '/usr/bin/gcore';
    if (!requireOrSkip(t, gcore, 'gcore: install gdb')) return;
    const prefix = path.join(folder, 'core');
    await promisify(execFile)(gcore, ['-o', prefix, String(child.pid)], { maxBuffer: 2 ** 26 });
    const dump = fs.readFileSync(`${prefix}.${child.pid}`);
    const { wrapped } = headerOf(told.cached);
    assert.equal(dump.indexOf(dataKeys.get(wrapped)), -1);
    assert.equal(dump.indexOf(derivedKey(told.cached)), -1);
    assert.notEqual(dump.indexOf(Buffer.from('plaintext plaintext plaintext')), -1);
  });

  it('is locked where it holds the cached data key', () => {
    const key = dataKeys.get(headerOf(told.cached).wrapped);
    const smaps = fs.readFileSync(`/proc/${child.pid}/smaps`, 'utf8').split(/\n(?=[0-9a-f]+-)/);
    const holding = mappings(child.pid).filter((mapping) => holds(child.pid, mapping, key));
    assert.equal(holding.length, 1, 'in one place');
    const entry = smaps.find((text) => text.startsWith(holding[0].name));
    assert.match(entry, /^VmFlags:.* lo\b/m);
    assert.match(entry, /^VmFlags:.* dd\b/m);
  });

  function headerOf(start) {
    const message = Buffer.from(start, 'base64');
    const { encryptedDataKeys, messageId, algorithmSuite, headerLength } = inspect(message);
    const wrapped = encryptedDataKeys[0].ciphertext.toString('base64');
    return {
      wrapped,
      messageId,
      suite: algorithmSuite.id,
      header: message.subarray(0, headerLength),
    };
  }

  /** What HKDF has halfway, which gives all that is derived (RFC 5869, 2.2). */
  function extractedKey(start) {
    const { wrapped, messageId } = headerOf(start);
    return crypto.createHmac('sha512', messageId).update(dataKeys.get(wrapped)).digest();
  }

  /** By Node's own HKDF, as data-format/message-header.md says. */
  function derivedKey(start) {
    const { wrapped, messageId, suite, header } = headerOf(start);
    const info = Buffer.from([suite >> 8, suite & 255, ...Buffer.from('DERIVEKEY')]);
    const key = Buffer.from(crypto.hkdfSync('sha512', dataKeys.get(wrapped), messageId, info, 32));
    const tag = crypto.createDecipheriv('aes-256-gcm', key, Buffer.alloc(12));
    tag.setAAD(header.subarray(0, -16)).setAuthTag(header.subarray(-16)).final();
    return key;
  }
}

/** TLS in front of what listens at `port`; the authority is written to that file. */
async function terminateTls(port, authority) {
  const script = path.join(__dirname, '..', 'support', 'certificates.py');
  const made = JSON.parse(execFileSync(PYTHON, [script, '127.0.0.1'], { encoding: 'utf8' }));
  fs.writeFileSync(authority, made.authority);
  const server = tls.createServer({ cert: made.server, key: made.key }, (client) => {
    const plain = net.connect(port, '127.0.0.1');
    client.pipe(plain).pipe(client);
    for (const end of [client, plain]) end.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const endpoint = `https://127.0.0.1:${server.address().port}`;
  return { authority, endpoint, stop: () => server.close() };
}

describe('a process that may lock no memory', { skip: !LINUX && 'Linux only' }, () => {
  it('works, and warns once that keys may be swapped to disk', async () => {
    // Who may do everything has no limit, so it runs as nobody, from a copy that all can read.
    const root = path.join(__dirname, '..', '..');
    const folder = temporaryFolder();
    fs.chmodSync(folder, 0o755);
    for (const name of ['index.js', 'package.json', 'lib']) {
      fs.cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
    }
    const addon = process.env.KMS_ENVELOPE_NATIVE_PATH ?? addonIn(root);
    fs.copyFileSync(addon, path.join(folder, 'addon.node'));
    const program = `
      const { Envelope, RawAesKeyring } = require('./index.js');
      const key = { keyNamespace: 'a', keyName: 'b', wrappingKey: Buffer.alloc(32) };
      for (let i = 0; i < 3; i++) {
        const envelope = new Envelope({ keyring: new RawAesKeyring(key), cache: {} });
        console.log(String(envelope.decryptSync(envelope.encryptSync('works'))));
      }`;
    const command = `ulimit -l 0; exec "${process.execPath}" -e "$0"`;
    const user = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
    const env = { ...process.env, KMS_ENVELOPE_NATIVE_PATH: path.join(folder, 'addon.node') };
    const options = { cwd: folder, env, ...user };
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command, program], options);
    assert.equal(stdout, 'works\nworks\nworks\n');
    assert.equal(stderr.match(/KMS_ENVELOPE_UNLOCKED_KEYS/g)?.length, 1, stderr);
  });

  function addonIn(root) {
    const name = fs.readdirSync(root).find((file) => file.endsWith('.node'));
    return path.join(root, name);
  }
});
