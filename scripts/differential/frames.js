'use strict';

const { inspect } = require('../..');

/** In place of a sequence number: the final frame begins. */
const FINAL_FRAME_MARK = 0xffff_ffff;
// Lengths of fields, in bytes.
const TAG = 16;
const NONCE = 12;
const SEQUENCE = 4;

/**
 * Returns where the parts of a whole message are: read from the format alone, without the code under test
 * but for the header's length.
 *
 * @param {Buffer} message
 * @returns {{ headerLength: number, frames: { from: number, to: number, length: number }[],
 *   bodyEnd: number }} without frames for a body that is not framed
 */
function layout(message) {
  const { contentType, frameLength, headerLength } = inspect(message);
  const frames = [];
  if (contentType !== 'framed') return { headerLength, frames, bodyEnd: message.length };
  let from = headerLength;
  for (let isFinal = false; !isFinal;) {
    isFinal = message.readUInt32BE(from) === FINAL_FRAME_MARK;
    let at = from + SEQUENCE + (isFinal ? SEQUENCE : 0) + NONCE;
    const length = isFinal ? message.readUInt32BE(at) : frameLength;
    if (isFinal) at += SEQUENCE;
    const to = at + length + TAG;
    frames.push({ from, to, length });
    from = to;
  }
  return { headerLength, frames, bodyEnd: from };
}

module.exports = { layout };
