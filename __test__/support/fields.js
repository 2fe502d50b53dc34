'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Envelope, Fields, RawAesKeyring } = require('../..');

/** An envelope under a raw key, which needs no key service. */
function envelope(byte = 1) {
  const wrappingKey = Buffer.alloc(32, byte);
  return new Envelope({
    keyring: new RawAesKeyring({ keyNamespace: 'test', keyName: `key-${byte}`, wrappingKey }),
  });
}

/** A store in memory, which counts its calls and can be made to fail. */
class MemoryStore {
  calls = { load: 0, save: 0, remove: 0 };
  #stored = new Map();

  async load(tenant) {
    this.calls.load++;
    return this.#stored.get(tenant);
  }

  async save(tenant, data, { version, previousVersion }) {
    this.calls.save++;
    if ((this.#stored.get(tenant)?.version ?? 0) !== previousVersion) return false;
    this.#stored.set(tenant, { data, version });
    return true;
  }

  async remove(tenant) {
    this.calls.remove++;
    this.#stored.delete(tenant);
  }

  set(tenant, stored) {
    this.#stored.set(tenant, stored);
  }
}

/** Fields of a new tenant, closed when the test ends. */
async function open(t, options = {}) {
  const defaults = { envelope: envelope(), store: new MemoryStore(), tenant: 'acme', create: true };
  const fields = await Fields.open({ ...defaults, ...options });
  t.after(() => fields.close());
  return fields;
}

/** A folder that is removed when the test ends. */
function folder(t) {
  const created = fs.mkdtempSync(path.join(os.tmpdir(), 'fields-'));
  t.after(() => fs.rmSync(created, { recursive: true, force: true }));
  return created;
}

module.exports = { MemoryStore, envelope, folder, open };
