'use strict';

/** The length of the tag at the end of AES-GCM content, in bytes. */
const TAG_LENGTH = 16;
/** A block of AES-CBC, in bytes. */
const BLOCK = 16;
/** What a frame of a message has beside its ciphertext, in bytes: sequence number, IV and tag. */
const FRAME_OVERHEAD = 4 + 12 + 16;
/** The same of a final frame, which also has a mark and a length. */
const FINAL_FRAME_OVERHEAD = FRAME_OVERHEAD + 4 + 4;
/** What a body without frames has beside its ciphertext, in bytes: IV, length and tag. */
const BODY_OVERHEAD = 12 + 8 + 16;

/**
 * Returns the length of the plaintext of an object of an S3 Encryption Client, in bytes, as far as the lengths
 * tell it.
 *
 * @param {number | undefined} bodyLength
 * @param {boolean} hasTag
 * @param {string | undefined} hint the length that the metadata tell
 */
function contentLength(bodyLength, hasTag, hint) {
  if (bodyLength === undefined) return undefined;
  if (hasTag) return bodyLength < TAG_LENGTH ? undefined : bodyLength - TAG_LENGTH;
  const told = Number(hint);
  // AES-CBC pads the last block, always.
  const isPossible = /^\d+$/.test(hint ?? '') && told - (told % BLOCK) + BLOCK === bodyLength;
  return isPossible ? told : undefined;
}

/**
 * Returns the length of the plaintext of a message, in bytes, as far as its header and its length tell it: a
 * signature has no length that is known before it is read.
 *
 * @param {import('../../index').MessageHeader} header
 * @param {number} messageLength
 */
function messageContentLength(
  { algorithmSuite, contentType, frameLength, headerLength },
  messageLength,
) {
  if (algorithmSuite.signed) return undefined;
  const body = messageLength - headerLength;
  if (contentType === 'non-framed') return body < BODY_OVERHEAD ? undefined : body - BODY_OVERHEAD;
  const rest = body - FINAL_FRAME_OVERHEAD;
  const last = rest % (FRAME_OVERHEAD + frameLength);
  if (rest < 0 || last > frameLength) return undefined;
  return rest - FRAME_OVERHEAD * Math.floor(rest / (FRAME_OVERHEAD + frameLength));
}

module.exports = { TAG_LENGTH, contentLength, messageContentLength };
