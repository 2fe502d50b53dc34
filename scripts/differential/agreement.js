'use strict';

const PREFIX = 'ERR_ENVELOPE_';

/** The codes for a changed message: which one it is depends on the part that a reader comes to first. */
const CODES_OF_CHANGES = [
  'MALFORMED_MESSAGE',
  'TRUNCATED_MESSAGE',
  'UNSUPPORTED_MESSAGE',
  'AUTHENTICATION_FAILED',
  'NO_USABLE_KEY',
  'LIMIT_EXCEEDED',
  'COMMITMENT_POLICY',
];

/**
 * The exceptions to the rule that every way to read refuses a message with the code of `decrypt`: where
 * they apply, and with which codes.
 *
 * @type {{ applies(way: object, subject: object, change: object): boolean, codes: string[] }[]}
 */
const DIFFERENCES = [
  // A way that refuses the unchanged message, too, such as a signed one, may say that first.
  {
    applies: (way, subject) => way.refuses?.(subject) !== undefined,
    codes: ['SIGNED_MESSAGE', 'UNSUPPORTED_MESSAGE', 'WOULD_BLOCK'],
  },
  // Ranges find the final frame by the length of the message, before they come to other frames.
  { applies: ({ byRange }) => byRange, codes: CODES_OF_CHANGES },
  // One bit of the suite's id can make it a signed suite, which ranges and streams refuse.
  {
    applies: ({ byRange, releasesFrames }, _subject, { place }) =>
      place === 'header' && (byRange || releasesFrames),
    codes: ['SIGNED_MESSAGE'],
  },
  // For a changed header or another key, the cache has no data key: a synchronous call would block.
  {
    applies: ({ refuses }, { readerKey }) => refuses !== undefined && readerKey.callsService,
    codes: ['WOULD_BLOCK'],
  },
];

/**
 * Returns whether a way may refuse a change with this code, where `decrypt` refused it with another.
 */
function mayRefuseWith(code, codeOfDecrypt, way, subject, change) {
  if (code === codeOfDecrypt) return true;
  return DIFFERENCES.some(
    ({ applies, codes }) => applies(way, subject, change) && codes.includes(shortCode(code)),
  );
}

/** Returns an error's code without the prefix that all have. */
function shortCode(code) {
  return code.replace(PREFIX, '');
}

module.exports = { mayRefuseWith, shortCode };
