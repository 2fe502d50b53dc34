'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');

const { Envelope, LocalKeyring, decryptDataKey } = require('../..');
const group = require('../../bin/commands/fields');
const { version } = require('../../package.json');
const { assertFailed, jsonLines, run, start } = require('../support/cli');
const { temporaryFolder } = require('../support/files');

const COMMANDS = [
  'encrypt',
  'decrypt',
  'inspect',
  're-encrypt',
  'generate-data-key',
  'keygen',
  'fields',
  'doctor',
];
const LARGE = crypto.randomBytes(8_000_000);

const folder = temporaryFolder();
const at = (name) => path.join(folder, name);
const keyId = `local:${at('dev.key')}`;
const env = { ENCRYPTION_KEY_ID: keyId };
const cli = (args, options) => run(args, { cwd: folder, env, ...options });

before(() => {
  LocalKeyring.generate(at('dev.key'));
  LocalKeyring.generate(at('other.key'));
  fs.writeFileSync(at('large'), LARGE);
});

describe('kms-envelope', () => {
  it('prints its version with --version', async () => {
    assert.equal(String((await cli(['--version'])).stdout), `${version}\n`);
  });

  it('--help names every command and exit code', async () => {
    const { code, stdout, stderr } = await cli(['--help']);
    assert.deepEqual([code, stderr], [0, '']);
    for (const command of COMMANDS) assert.match(String(stdout), new RegExp(`^  ${command} `, 'm'));
    for (const exit of [0, 1, 2, 3, 4, 5, 130]) {
      assert.match(String(stdout), new RegExp(`^  ${exit} +\\w`, 'm'));
    }
  });

  const ofFields = Object.keys(group.commands).map((name) => `fields ${name}`);
  for (const command of [...COMMANDS, ...ofFields]) {
    it(`${command} --help fits a terminal`, async () => {
      const { code, stdout, stderr } = await cli([...command.split(' '), '--help'], { env: {} });
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(String(stdout), new RegExp(`^Usage: kms-envelope ${command} `));
      const long = String(stdout)
        .split('\n')
        .filter((line) => line.length > 80);
      assert.deepEqual(long, []);
      const listed = String(stdout).match(/^ {2}.{4}--.*$/gm);
      const option = /^.{6}--[\w-]+( [A-Z=.]+(\[,\.\.\.\])?)?( {2}.*)?$/;
      for (const line of listed) assert.match(line, option);
    });
  }

  it('decrypt --help warns of what comes before a failure', async () => {
    const { stdout } = await cli(['decrypt', '--help']);
    assert.match(String(stdout).replaceAll('\n', ' '), /exit code 0, .* must be discarded/);
  });

  const wrong = {
    'no command': [],
    'an unknown command': ['frobnicate'],
    'a property of every object': ['toString'],
    'an unknown option': ['encrypt', '--frobnicate'],
    'an option of another command': ['encrypt', 'large', '--bytes', '1'],
    'an option without its value': ['encrypt', 'large', '--output'],
    'a context without a value': ['encrypt', 'large', '--context', 'tenant'],
    'a context given twice': ['encrypt', 'large', '-c', 'a=1', '-c', 'a=2'],
    'a reserved context': ['encrypt', 'large', '-c', 'aws-crypto-x=1'],
    'a folder without --recursive': ['encrypt', '.'],
    'several files to standard output': ['encrypt', 'large', 'dev.key', '-o', '-'],
    'a name that does not tell the output': ['decrypt', 'large'],
    're-encrypt without a new key': ['re-encrypt', 'large'],
    'keygen without a path': ['keygen'],
    'too long a data key': ['generate-data-key', '--bytes', '1025'],
    'a file for doctor': ['doctor', 'large'],
  };
  for (const [what, args] of Object.entries(wrong)) {
    it(`refuses ${what}`, async () => assertFailed(await cli(args), 2, 'INVALID_ARGUMENT'));
  }

  it('says how to name a key', async () => {
    const failed = await cli(['encrypt', 'large'], { env: {} });
    assertFailed(failed, 2, 'INVALID_ARGUMENT');
    assert.match(failed.stderr, /--key.*ENCRYPTION_KEY_ID/);
  });
});

describe('kms-envelope encrypt and decrypt', () => {
  it('work on files, which the library reads and writes, too', async () => {
    const context = ['-c', 'tenant=acme', '-c', 'formula=a=b', '-c', '__proto__=x'];
    const encrypted = await cli(['encrypt', 'large', ...context, '-o', 'files.encrypted']);
    assert.equal(encrypted.code, 0, encrypted.stderr);
    const message = fs.readFileSync(at('files.encrypted'));
    const { plaintext, header } = await new Envelope(keyId).decryptMessage(message);
    assert.deepEqual(plaintext, LARGE);
    const pairs = [
      ['__proto__', 'x'],
      ['formula', 'a=b'],
      ['tenant', 'acme'],
    ];
    assert.deepEqual(Object.entries(header.encryptionContext).sort(), pairs);

    const decrypted = await cli(['decrypt', 'files.encrypted', ...context, '--json']);
    assert.equal(decrypted.code, 0, decrypted.stderr);
    assert.deepEqual(jsonLines(decrypted.stdout), [
      {
        status: 'decrypted',
        source: 'files.encrypted',
        destination: 'files',
        plaintextLength: LARGE.length,
        messageLength: message.length,
      },
    ]);
    assert.deepEqual(fs.readFileSync(at('files')), LARGE);
    assert.equal(decrypted.stderr, '');
  });

  it('work on pipes, whatever the bytes', async () => {
    for (const input of [LARGE, Buffer.alloc(0), Buffer.from([0x0d, 0x0a, 0xff, 0x00])]) {
      const { stdout: message, stderr } = await cli(['encrypt'], { input });
      assert.equal(stderr, '');
      assert.deepEqual(await new Envelope(keyId).decrypt(message), input);
      const decrypted = await cli(['decrypt', '-'], { input: message });
      assert.equal(decrypted.code, 0, decrypted.stderr);
      assert.deepEqual(decrypted.stdout, input);
    }
  });

  it('go from a pipe to a file and back', async () => {
    const toFile = await cli(['encrypt', '-', '-o', 'piped.encrypted', '--json'], { input: LARGE });
    assert.deepEqual(jsonLines(toFile.stdout), [
      { status: 'encrypted', source: '-', destination: 'piped.encrypted' },
    ]);
    if (process.platform !== 'win32') {
      assert.equal(fs.statSync(at('piped.encrypted')).mode & 0o777, 0o600);
    }
    const again = await cli(['encrypt', '-o', 'piped.encrypted'], { input: 'x' });
    assertFailed(again, 5, 'FILE_EXISTS');
    const toPipe = await cli(['decrypt', 'piped.encrypted', '-o', '-']);
    assert.deepEqual(toPipe.stdout, LARGE);
    const forced = await cli(['encrypt', '-f', '-q', '-o', 'piped.encrypted'], { input: 'x' });
    assert.deepEqual([forced.code, forced.stderr], [0, '']);
    assert.equal(String((await cli(['decrypt', 'piped.encrypted', '-o', '-'])).stdout), 'x');
  });

  it('work on a file with an odd name', async () => {
    fs.writeFileSync(at('-odd'), 'x');
    assert.equal((await cli(['encrypt', '--', '-odd'])).code, 0);
    assert.ok(fs.existsSync(at('-odd.encrypted')));
  });

  it('end well where the reader of the output goes', async () => {
    fs.writeFileSync(at('pipe.encrypted'), await new Envelope(keyId).encrypt(LARGE));
    const child = start(['decrypt', 'pipe.encrypted', '-o', '-'], { cwd: folder, env });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'close');
    assert.deepEqual([code, stderr], [5, '']);
  });
});

describe('kms-envelope', () => {
  it('inspect shows headers without a key', async () => {
    const encryptionContext = { tenant: 'acme', long: 'x'.repeat(60_000) };
    const message = await new Envelope(keyId).encrypt(LARGE, { encryptionContext });
    fs.writeFileSync(at('inspect.encrypted'), message);
    const text = await cli(['inspect', 'inspect.encrypted'], { env: {} });
    assert.match(String(text.stdout), /not authenticated[^]*context +tenant = acme/);
    for (const input of [message, message.subarray(0, 70_000)]) {
      const { stdout, stderr } = await cli(['inspect', '--json'], { env: {}, input });
      assert.equal(stderr, '');
      const [header] = jsonLines(stdout);
      const { source, authenticated, version: format, messageId } = header;
      assert.deepEqual([source, authenticated, format], ['-', false, 2]);
      assert.deepEqual(header.encryptionContext, encryptionContext);
      assert.match(messageId, /^[0-9a-f]{64}$/);
      assert.equal(header.encryptedDataKeys[0].keyProviderId, 'kms-envelope-local');
    }
  });

  it('inspect refuses what is no message, or too little of one', async () => {
    assertFailed(await cli(['inspect', 'large']), 3, '(MALFORMED|UNSUPPORTED)_MESSAGE');
    assertFailed(await cli(['inspect']), 3, 'TRUNCATED_MESSAGE');
    assertFailed(await cli(['inspect', '.']), 5, 'FILE');
    assertFailed(await cli(['inspect', 'missing']), 5, 'FILE_NOT_FOUND');
  });

  it('generate-data-key makes keys that the library unwraps', async () => {
    const args = ['generate-data-key', '--bytes', '64', '-c', 'purpose=cache', '--json'];
    const [made] = jsonLines((await cli(args)).stdout);
    const encryptionContext = { purpose: 'cache' };
    const blob = Buffer.from(made.ciphertextBlob, 'base64');
    const key = await decryptDataKey(blob, { keyId, encryptionContext });
    assert.equal(key.plaintext.length, 64);
    assert.equal(key.plaintext.toString('base64'), made.plaintext);
    assert.match(String((await cli(['generate-data-key'])).stdout), /^plaintext +[\w+/]{43}=$/m);
  });

  it('keygen makes a key file, and overwrites none', async () => {
    const { stdout } = await cli(['keygen', './made.key', '--json'], { env: {} });
    assert.deepEqual(jsonLines(stdout), [{ key: 'local:./made.key', path: './made.key' }]);
    new LocalKeyring(at('made.key'));
    assertFailed(await cli(['keygen', './made.key']), 4, 'KEY_FILE');
  });

  it('re-encrypt goes through pipes', async () => {
    const message = await new Envelope(keyId).encrypt(LARGE, { encryptionContext: { a: 'b' } });
    const { stdout } = await cli(['re-encrypt', '--to-key', 'local:other.key'], { input: message });
    const other = new Envelope(`local:${at('other.key')}`);
    const { plaintext, header } = await other.decryptMessage(stdout);
    assert.deepEqual(plaintext, LARGE);
    assert.deepEqual(header.encryptionContext, { a: 'b' });
  });
});
