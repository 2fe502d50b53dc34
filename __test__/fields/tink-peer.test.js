'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const path = require('node:path');
const { describe, it } = require('node:test');
const { AwsKmsKeyring, Keyset } = require('../..');
const { startMoto } = require('../support/moto');
const { PEERS, TINK, skipWithout } = require('../support/requirements');
const {
  DETERMINISTIC,
  INDEXES,
  KEYS,
  KEY_ID,
  prfKeyset,
  sivKeyset,
} = require('../support/field-answers');
const { open } = require('../support/fields');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const AEADS = ['AES128_GCM', 'AES256_GCM', 'AES256_GCM_SIV'];
const TYPES = [...AEADS, 'AES256_SIV', 'HMAC_SHA256_PRF', 'HMAC_SHA512_PRF'];
const CLEAR = ['tink-json', 'tink-binary'];
const LENGTHS = [0, 1, 15, 16, 17, 33, 1000];

describe('Tink for Python', { skip: skipWithout('tink') }, () => {
  it('reads what our keysets encrypt and compute, in every form', async () => {
    const cases = [];
    for (const type of TYPES) {
      const keyset = Keyset.generate(type);
      keyset.promote(keyset.addKey(type));
      for (const form of CLEAR) {
        const json = await keyset.export({ to: form });
        for (const length of LENGTHS) cases.push(written(keyset, { form, keyset: json }, length));
      }
    }
    compare(cases);
  });

  it('writes what our keysets read', async () => {
    const generated = ask(
      TYPES.flatMap((type) => CLEAR.map((form) => ({ op: 'generate', type, form }))),
    );
    const jobs = [];
    for (const [i, bytes] of generated.entries()) {
      const form = CLEAR[i % 2];
      const keyset = await Keyset.import(bytes, { from: form });
      for (const length of LENGTHS) {
        const [data, bound] = [randomBytes(length), randomBytes(length % 7)];
        const op = { aead: 'encrypt', daead: 'encryptDeterministic', prf: 'prf' }[keyset.primitive];
        jobs.push({
          keyset,
          data,
          bound,
          job: { op, form, keyset: bytes, data, bound, length: 20 },
        });
      }
    }
    const answers = ask(jobs.map(({ job }) => job));
    for (const [i, { keyset, data, bound }] of jobs.entries()) {
      if (keyset.primitive === 'prf') assert.deepEqual(keyset.prf(data, 20), answers[i]);
      else if (keyset.primitive === 'aead')
        assert.deepEqual(keyset.decrypt(answers[i], bound), data);
      else {
        assert.deepEqual(keyset.decryptDeterministic(answers[i], bound), data);
        assert.deepEqual(keyset.encryptDeterministic(data, bound), answers[i]);
      }
    }
  });

  it(
    'exchanges keysets with us that are encrypted under AWS KMS',
    { skip: skipWithout('python') },
    async () => {
      const moto = await startMoto();
      try {
        const { arn } = await moto.createKey();
        const keyring = new AwsKmsKeyring({ keyId: arn, endpoint: moto.endpoint });
        const kms = { uri: `aws-kms://${arn}`, endpoint: moto.endpoint };
        const data = Buffer.from('ada@example.com');
        for (const form of ['tink-encrypted-json', 'tink-encrypted-binary']) {
          for (const associatedData of [undefined, Buffer.from([0, 255, 7])]) {
            const ours = Keyset.generate('AES256_GCM');
            const exported = await ours.export({ to: form, keyring, associatedData });
            const job = { ...kms, form, keyset: exported, associatedData, op: 'decrypt' };
            assert.deepEqual(ask([{ ...job, data: ours.encrypt(data) }]), [data]);

            const generate = { ...kms, form, associatedData, op: 'generate', type: 'AES256_GCM' };
            const [theirs] = ask([generate]);
            const keyset = await Keyset.import(theirs, { from: form, keyring, associatedData });
            const [sealed] = ask([{ ...job, keyset: theirs, op: 'encrypt', data }]);
            assert.deepEqual(keyset.decrypt(sealed), data);
            const elsewhere = { from: form, keyring, associatedData: 'elsewhere' };
            await assert.rejects(Keyset.import(theirs, elsewhere), {
              code: 'ERR_ENVELOPE_KMS_INVALID_CIPHERTEXT',
            });
          }
        }
      } finally {
        await moto.stop();
      }
    },
  );

  it('reads a column with the associated data of the docs', async (t) => {
    const keyset = Keyset.generate('AES256_GCM');
    const job = { form: 'tink-json', keyset: await keyset.export({ to: 'tink-json' }) };
    const aad = associatedData(keyset.primaryKeyId, 'acme', 'users', 'email', '42');
    const sealed = keyset.encrypt('ada', aad);
    assert.deepEqual(ask([{ ...job, op: 'decrypt', data: sealed, bound: aad }]), [
      Buffer.from('ada'),
    ]);
    await open(t);
  });

  it('gives the known answers of the docs', () => {
    const { plaintext, associatedData: aad, value } = DETERMINISTIC;
    const deterministic = {
      op: 'encryptDeterministic',
      form: 'tink-binary',
      keyset: sivKeyset(KEYS.deterministic, KEY_ID),
      data: Buffer.from(plaintext),
      bound: Buffer.from(aad, 'hex'),
    };
    const prf = (key, data) => {
      return { op: 'prf', form: 'tink-binary', keyset: prfKeyset(key, 7), data, length: 32 };
    };
    const jobs = INDEXES.flatMap(({ name, normalized, indexKey }) => [
      prf(KEYS.index, parts('kms-envelope/index/1', 'acme', 'users', 'email', name)),
      prf(Buffer.from(indexKey, 'hex'), Buffer.from(normalized)),
    ]);
    const [encrypted, ...outputs] = ask([deterministic, ...jobs]);
    assert.equal(encrypted.toString('hex'), value);
    for (const [i, { bits, indexKey, index }] of INDEXES.entries()) {
      assert.equal(outputs[2 * i].toString('hex'), indexKey);
      const digits = outputs[2 * i + 1].toString('hex').slice(0, bits / 4);
      assert.equal(index, digits.padEnd(index.length, '0'));
    }
  });
});

function associatedData(keyId, ...place) {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(keyId);
  const row = place.pop();
  return Buffer.concat([parts('kms-envelope/field/1', ...place), Buffer.from([1]), parts(row), id]);
}

/** The parts of a place, as docs/fields.md says: each its length, and its bytes. */
function parts(...texts) {
  const part = (text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(text));
    return Buffer.concat([length, Buffer.from(text)]);
  };
  return Buffer.concat(texts.map(part));
}

function written(keyset, job, length) {
  const [data, bound] = [randomBytes(length), randomBytes(length % 5)];
  const { primitive } = keyset;
  if (primitive === 'prf') {
    return { job: { ...job, op: 'prf', data, length: 30 }, expected: keyset.prf(data, 30) };
  }
  const deterministic = primitive === 'daead';
  const sealed = deterministic
    ? keyset.encryptDeterministic(data, bound)
    : keyset.encrypt(data, bound);
  const op = deterministic ? 'decryptDeterministic' : 'decrypt';
  return { job: { ...job, op, data: sealed, bound }, expected: data };
}

function compare(cases) {
  const answers = ask(cases.map(({ job }) => job));
  for (const [i, { job, expected }] of cases.entries()) {
    assert.deepEqual(answers[i], expected, `${job.op} ${job.form}`);
  }
}

/** What Tink answers to jobs, in one process. */
function ask(jobs) {
  const script = path.join(PEERS, 'tink_peer.py');
  const encoded = (key, value) =>
    value?.type === 'Buffer' ? Buffer.from(value.data).toString('base64') : value;
  const input = JSON.stringify(jobs, encoded);
  const { stdout, stderr, status } = spawnSync(TINK, [script], { input, maxBuffer: 2 ** 26 });
  assert.equal(status, 0, String(stderr));
  return JSON.parse(stdout).map(({ result, error }) => {
    assert.equal(error, undefined);
    return Buffer.from(result, 'base64');
  });
}
