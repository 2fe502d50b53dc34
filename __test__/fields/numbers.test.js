'use strict';

const assert = require('node:assert/strict');
const { it } = require('node:test');
const { setImmediate: turn } = require('node:timers/promises');
const v8 = require('node:v8');
const vm = require('node:vm');
const binding = require('../../lib/native/load');

const SLOT_USES = 2 ** 24;
const NO_ROW = -1;

function newKeys() {
  return binding.FieldKeys.create(binding.TenantKeys.generate('AES256_GCM', 60_000), 'acme', 100);
}

function encrypt(number) {
  return binding.encryptField(number, new Uint8Array(1), NO_ROW, 1, new Uint8Array(34));
}

it('a number that is no column is refused', () => {
  const { number } = newKeys().column(false, 't', 'c');
  assert.equal(encrypt(number), 34);
  for (const wrong of [-1, number + 1, number + SLOT_USES, 2 ** 53 - 1]) {
    assert.throws(() => encrypt(wrong), /there is no such column/);
  }
});

it(
  'the number of a column that is gone is never that of another',
  { timeout: 60_000 },
  async () => {
    v8.setFlagsFromString('--expose-gc');
    const collect = vm.runInNewContext('gc');
    const keys = newKeys();
    let { number } = keys.column(false, 't', 'c');
    const gone = () => {
      try {
        return encrypt(number) === 0;
      } catch {
        return true;
      }
    };
    while (!gone()) {
      collect();
      await turn();
    }
    const next = Array.from({ length: 10 }, () => keys.column(false, 't', 'c'));
    assert.ok(next.some((column) => column.number % SLOT_USES === number % SLOT_USES));
    assert.ok(next.every((column) => column.number !== number));
    assert.throws(() => encrypt(number), /there is no such column/);
    number = next[0].number;
    assert.equal(encrypt(number), 34);
  },
);
