'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');

const batch = require('../../lib/fields/batch');
const { inRounds, sequential } = require('../lib/rounds');
const { fieldParties, nativeColumn } = require('../peers/fields');

const LENGTH = 32;
/** Short, as above, and a long text. */
const LENGTHS = [8, LENGTH, 256];
const COUNT = 10_000;

/** Values of 32 bytes: one by one beside other packages, and in a batch. */
async function fields({ quick }) {
  const { parties, column } = await fieldParties();
  const value = crypto.randomBytes(LENGTH / 2).toString('hex');
  const groups = [];
  for (const operation of ['encrypt', 'decrypt']) {
    const sides = {};
    for (const [name, party] of Object.entries(parties)) {
      const sealed = party.encrypt(value);
      assert.equal(String(party.decrypt(sealed)), value, `${name} gives another value back`);
      sides[name] =
        operation === 'encrypt'
          ? repeated(() => party.encrypt(value))
          : repeated(() => party.decrypt(sealed));
    }
    const measured = await inRounds(sides, { quick });
    groups.push({ name: `${operation} a field`, bytes: LENGTH, sides: measured });
  }
  const values = Array.from({ length: COUNT }, () => crypto.randomBytes(16).toString('hex'));
  const sealed = column.encryptMany(values);
  const many = {
    encryptMany: { ...sequential(async () => column.encryptMany(values)), single: true },
    decryptMany: { ...sequential(async () => column.decryptMany(sealed)), single: true },
    'encryptMany, in Rust alone': { ...inRust(values), single: true },
  };
  const measured = await inRounds(many, { quick });
  groups.push({ name: 'many fields', records: COUNT, bytes: COUNT * LENGTH, sides: measured });
  return groups;
}

/** How long an encrypted value is, with each package. */
async function fieldBytes() {
  const { parties } = await fieldParties({ messages: true });
  return LENGTHS.map((length) => {
    const value = crypto.randomBytes(length / 2).toString('hex');
    return { name: `${length} bytes of text`, figures: sizes(parties, value) };
  });
}

function sizes(parties, value) {
  const size = (party) => Buffer.byteLength(party.encrypt(value));
  return Object.fromEntries(Object.entries(parties).map(([name, party]) => [name, size(party)]));
}

/** The addon's own call alone, without what JavaScript does before and after it. */
function inRust(values) {
  const column = nativeColumn();
  let callArguments;
  const keep = (input, end, output) => {
    callArguments = { input: Buffer.from(input), end, output };
    return column.encryptMany(input, end, output);
  };
  batch.run(values, undefined, column.overhead, keep);
  return {
    sample(count) {
      let total = 0n;
      for (let i = 0; i < count; i++) {
        // It wipes what it has read.
        const input = Buffer.from(callArguments.input);
        const start = process.hrtime.bigint();
        column.encryptMany(input, callArguments.end, callArguments.output);
        total += process.hrtime.bigint() - start;
      }
      return Number(total);
    },
  };
}

/** Returns a synchronous operation, without a promise for each. */
function repeated(operation) {
  return {
    sample(count) {
      const start = process.hrtime.bigint();
      for (let i = 0; i < count; i++) operation();
      return Number(process.hrtime.bigint() - start);
    },
  };
}

module.exports = { fieldBytes, fields };
