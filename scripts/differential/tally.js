'use strict';

/** Counts events by group and name. */
class Tally {
  /** @type {Map<string, Map<string, number>>} */
  #groups = new Map();

  count(group, name) {
    const counts = this.#groups.get(group) ?? new Map();
    this.#groups.set(group, counts.set(name, (counts.get(name) ?? 0) + 1));
  }

  total(group) {
    return [...(this.#groups.get(group)?.values() ?? [])].reduce((sum, count) => sum + count, 0);
  }

  /** Returns the lines of a report: each group with its total, then its counts. */
  lines() {
    return [...this.#groups].flatMap(([group, counts]) => [
      `${group}: ${this.total(group)}`,
      ...[...counts].sort().map(([name, count]) => `${String(count).padStart(10)}  ${name}`),
    ]);
  }
}

module.exports = { Tally };
