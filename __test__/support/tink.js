'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { AwsKmsKeyring, Envelope, Keyset } = require('../..');

const ROOT = path.join(__dirname, '..', '..');
/** Tink's vectors of this repository: those that need no KMS. */
const OURS = path.join(ROOT, 'tests', 'vectors', 'tink');
const { ESDK_VECTORS: WHOLE_SET = path.join(ROOT, '..', 'shared', 'vectors') } = process.env;
/** The whole set, if it is here. */
const SHARED = path.join(WHOLE_SET, 'tink');
const FILES = ['aead', 'daead', 'prf', 'kms', 'loading', 'negative'];
/** Where the peers differ, and we refuse: protobuf's JSON knows no other members. */
const OPEN_REFUSED = ['keyset-json-unknown-member'];
const URI = 'aws-kms://';
const TEMPLATES = {
  AES256_GCM: 'AesGcmKey',
  AES128_GCM: 'AesGcmKey',
  XCHACHA20_POLY1305: 'XChaCha20Poly1305Key',
};

/** Runs the cases of a folder; `endpoint` is a KMS that holds the keys of its `keys.json`. */
class TinkVectors {
  #folder;
  #keysets;
  #endpoint;
  #loaded = new Map();

  constructor(folder, endpoint) {
    this.#folder = folder;
    this.#endpoint = endpoint;
    this.#keysets = this.#json('keysets').keysets;
  }

  get cases() {
    const files = FILES.filter((file) => fs.existsSync(path.join(this.#folder, `${file}.json`)));
    const loading = Object.entries(this.#keysets).map(([keyset, { primitive }]) => ({
      id: `keysets-${keyset}`,
      op: 'keyset',
      result: 'ok',
      keyset,
      primitive,
    }));
    return [...loading, ...files.flatMap((file) => this.#json(file).cases)];
  }

  /** Whether a case is one that must succeed. */
  succeeds({ id, result }) {
    return result === 'ok' || (result === 'open' && !OPEN_REFUSED.includes(id));
  }

  /** Does what a case asks for; rejects where it is refused. */
  async run(item) {
    const aad = bytes(item.associated_data_base64);
    const ciphertext = bytes(item.ciphertext_base64);
    if (item.op === 'keyset') {
      const keyset = await this.#load(item.keyset_value ?? this.#keysets[item.keyset]);
      assert.equal(keyset.primitive, item.primitive, item.id);
      return;
    }
    if (item.op === 'kms-aead') return this.#kmsDecrypt(item.uri, ciphertext, aad);
    if (item.op === 'kms-envelope') return this.#openEnvelope(item, ciphertext, aad);
    const keyset = await this.keyset(item.keyset);
    if (item.op === 'aead') return keyset.decrypt(ciphertext, aad);
    if (item.op === 'daead') return keyset.decryptDeterministic(ciphertext, aad);
    const { key_id: keyId, output_length: length } = item;
    return keyset.prf(bytes(item.input_base64), length, keyId === undefined ? {} : { keyId });
  }

  /** A keyset by its name. */
  async keyset(name) {
    if (!this.#loaded.has(name)) this.#loaded.set(name, await this.#load(this.#keysets[name]));
    return this.#loaded.get(name);
  }

  /** Every form of the keyset that is there: all must be the same keyset. */
  async #load(entry) {
    const json = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
    const forms = [
      ['tink-json', entry.json === undefined ? undefined : json(entry.json)],
      ['tink-binary', entry.binary_base64 && bytes(entry.binary_base64)],
      ['tink-encrypted-json', entry.encrypted_json && json(entry.encrypted_json)],
      [
        'tink-encrypted-binary',
        entry.encrypted_binary_base64 && bytes(entry.encrypted_binary_base64),
      ],
    ].filter(([, data]) => data !== undefined);
    const keysets = [];
    for (const [from, data] of forms) {
      const { kek } = entry;
      const options = from.includes('encrypted')
        ? { keyring: await this.#kek(kek), associatedData: bytes(entry.associated_data_base64) }
        : {};
      keysets.push(await Keyset.import(data, { from, ...options }));
    }
    const [first, ...others] = keysets;
    for (const other of others) assert.deepEqual(other.keys(), first.keys());
    return first;
  }

  async #kek({ type, uri, keyset }) {
    if (type === 'aead') return this.keyset(keyset);
    if (!uri.startsWith(URI)) return uri;
    return this.#keyring(uri);
  }

  #keyring(uri) {
    return new AwsKmsKeyring({ keyId: uri.slice(URI.length), endpoint: this.#endpoint });
  }

  /** Tink's AWS KMS AEAD. */
  #kmsDecrypt(uri, ciphertext, aad) {
    const envelope = new Envelope({ keyring: this.#keyring(uri) });
    const encryptionContext = aad.length > 0 ? { associatedData: aad.toString('hex') } : {};
    return envelope.decryptDirect(ciphertext, { encryptionContext }).then(plaintextOf);
  }

  /** Tink's KmsEnvelopeAead: a key of a template, wrapped, before what it encrypts. */
  async #openEnvelope({ uri, dek_template: template }, ciphertext, aad) {
    const length = ciphertext.readUInt32BE(0);
    const wrapped = ciphertext.subarray(4, 4 + length);
    const key = await this.#kmsDecrypt(uri, wrapped, Buffer.alloc(0));
    const keyset = await Keyset.import(rawKeyset(TEMPLATES[template], key), { from: 'tink-json' });
    return keyset.decrypt(ciphertext.subarray(4 + length), aad);
  }

  #json(name) {
    return JSON.parse(fs.readFileSync(path.join(this.#folder, `${name}.json`), 'utf8'));
  }
}

/** A keyset of one key without a prefix. */
function rawKeyset(type, key) {
  return JSON.stringify({
    primaryKeyId: 1,
    key: [
      {
        keyData: {
          typeUrl: `type.googleapis.com/google.crypto.tink.${type}`,
          value: key.toString('base64'),
          keyMaterialType: 'SYMMETRIC',
        },
        status: 'ENABLED',
        keyId: 1,
        outputPrefixType: 'RAW',
      },
    ],
  });
}

function plaintextOf(answer) {
  return answer.plaintext ?? answer;
}

function bytes(base64) {
  return Buffer.from(base64 ?? '', 'base64');
}

module.exports = { OURS, SHARED, TinkVectors, bytes };
