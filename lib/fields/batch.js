'use strict';

const { invalid } = require('../errors.js');
const { LENGTH, most, putWithLength } = require('../input/scratch.js');

/** In a batch, the length of what is null or not given. */
const ABSENT = 0xffffffff;

/**
 * Gives all values to one call of the addon, each with its row.
 *
 * @param {(string | Uint8Array | null)[]} values
 * @param {(string | Uint8Array | undefined)[] | undefined} rows
 * @param {number} overhead how much longer each becomes, in bytes
 * @param {(input: Buffer, end: number, output: Buffer) => number} call
 * @returns {(Buffer | null)[]}
 */
function run(values, rows, overhead, call) {
  if (rows && rows.length !== values.length) {
    throw invalid(`there are ${values.length} values and ${rows.length} rows`);
  }
  let room = 0;
  for (let i = 0; i < values.length; i++) {
    room += 2 * LENGTH + most(rows?.[i]) + most(values[i] ?? undefined);
  }
  const input = Buffer.allocUnsafeSlow(Math.max(room, 1));
  try {
    let end = 0;
    for (let i = 0; i < values.length; i++) {
      end = append(input, rows?.[i], end);
      end = append(input, values[i] ?? undefined, end);
    }
    const output = Buffer.allocUnsafeSlow(Math.max(end + overhead * values.length, 1));
    call(input, end, output);
    return split(output, values.length);
  } catch (error) {
    input.fill(0);
    throw error;
  }
}

/**
 * @param {Buffer} buffer
 * @param {string | Uint8Array | undefined} value
 * @param {number} at
 */
function append(buffer, value, at) {
  if (value === undefined) return buffer.writeUInt32LE(ABSENT, at);
  return putWithLength(buffer, value, at);
}

/**
 * @param {Buffer} output
 * @param {number} count
 */
function split(output, count) {
  const parts = new Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = output.readUInt32LE(at);
    at += LENGTH;
    parts[i] = length === ABSENT ? null : output.subarray(at, at + length);
    if (length !== ABSENT) at += length;
  }
  return parts;
}

module.exports = { run };
