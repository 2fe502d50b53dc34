'use strict';

const PREFIX = 'ERR_ENVELOPE_';

/** What a message that was changed may be refused with, by whoever comes upon another part first. */
const FAULTS = [
  'MALFORMED_MESSAGE',
  'TRUNCATED_MESSAGE',
  'UNSUPPORTED_MESSAGE',
  'AUTHENTICATION_FAILED',
  'NO_USABLE_KEY',
  'LIMIT_EXCEEDED',
  'COMMITMENT_POLICY',
];

/**
 * All ways refuse a message with the code of `decrypt`, but for these: where, which codes, and why.
 *
 * @type {{ applies(way: object, subject: object, change: object): boolean, codes: string[] }[]}
 */
const DIFFERENCES = [
  // A way that refuses the message as it was, for what it is, may say that first.
  {
    applies: (way, subject) => way.refuses?.(subject) !== undefined,
    codes: ['SIGNED_MESSAGE', 'UNSUPPORTED_MESSAGE', 'WOULD_BLOCK'],
  },
  // Ranges find the final frame by the length of the message, before they come to other frames.
  { applies: ({ byRange }) => byRange, codes: FAULTS },
  // One bit makes another suite of a suite: a signed one, which ranges and streams refuse.
  {
    applies: ({ byRange, releasesFrames }, _subject, { place }) =>
      place === 'header' && (byRange || releasesFrames),
    codes: ['SIGNED_MESSAGE'],
  },
  // A cache does not know the data key of a header that was changed, or of another key.
  {
    applies: ({ refuses }, { readerKey }) => refuses !== undefined && readerKey.callsService,
    codes: ['WOULD_BLOCK'],
  },
];

/**
 * Returns whether a way may refuse a change with this code, where `decrypt` refused it with another.
 */
function mayRefuseWith(code, decryptsCode, way, subject, change) {
  if (code === decryptsCode) return true;
  return DIFFERENCES.some(
    ({ applies, codes }) => applies(way, subject, change) && codes.includes(shortCode(code)),
  );
}

/** Returns an error's code without what all have in common. */
function shortCode(code) {
  return code.replace(PREFIX, '');
}

module.exports = { mayRefuseWith, shortCode };
