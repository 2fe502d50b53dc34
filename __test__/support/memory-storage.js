'use strict';

/** A storage of branch keys in memory, for tests that change what it answers. */
class MemoryStorage {
  #items = new Map();

  get({ branchKeyId, type }) {
    return this.#items.get(keyOf(branchKeyId, type));
  }

  write(puts) {
    const holds = ({ item: { branchKeyId, type }, previousEnc }) => {
      const stored = this.#items.get(keyOf(branchKeyId, type));
      return previousEnc ? stored?.enc.equals(previousEnc) : !stored;
    };
    if (!puts.every(holds)) return false;
    for (const { item } of puts) this.#items.set(keyOf(item.branchKeyId, item.type), item);
    return true;
  }

  items(branchKeyId) {
    return [...this.#items.values()].filter((item) => item.branchKeyId === branchKeyId);
  }

  delete(branchKeyId, types) {
    for (const type of types) this.#items.delete(keyOf(branchKeyId, type));
  }

  list() {
    const active = [...this.#items.values()].filter(({ type }) => type === 'branch:ACTIVE');
    return active.map(({ branchKeyId }) => branchKeyId);
  }
}

function keyOf(...parts) {
  return JSON.stringify(parts);
}

module.exports = { MemoryStorage };
