'use strict';

/** How many characters of a stranger's text are shown. */
const MAX_CHARS = 200;
/** Longer words, if they are neither an ARN, a UUID nor a name in words, could be keys. */
const MIN_SECRET = 16;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const UNSEEN = /["\\]|[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const NAMED = /** @type {Record<string, string>} */ ({
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
});

/**
 * Text of a stranger in one line, at most 200 characters of it: what is invisible, or moves or
 * colours other text, is escaped, as are quotes and backslashes. Says if it was cut.
 *
 * @param {string} text
 */
function shown(text) {
  return cut(text, escape);
}

/**
 * @param {string} text
 * @param {(char: string) => string} escaped
 */
function cut(text, escaped) {
  const start = Array.from(text.slice(0, 2 * MAX_CHARS))
    .slice(0, MAX_CHARS)
    .join('');
  const safe = start.replace(UNSEEN, escaped);
  return start.length === text.length ? safe : `${safe}... (cut; ${text.length} characters in all)`;
}

/**
 * Returns a path in one line, with what is invisible escaped.
 *
 * @param {string} path
 */
function shownPath(path) {
  return path.replace(UNSEEN, escapeUnseen);
}

/**
 * As `shown`, without what could be a key in Base64 or hex.
 *
 * @param {string} text
 */
function sentence(text) {
  const words = text.slice(0, 4096).split(/(\s+)/);
  const safe = words.map((word) => (mayBeSecret(word) ? '[hidden]' : word)).join('');
  return cut(safe, escapeUnseen);
}

/**
 * Returns whether a text repeats a secret: 12 bytes of it or more, as they are or as decimal numbers.
 *
 * @param {string} text
 * @param {Uint8Array} secret
 */
function quotes(text, secret) {
  const numbers = text.replace(/\D+/g, ',');
  for (let i = 0; i + 12 <= secret.length; i++) {
    if (numbers.includes(secret.subarray(i, i + 12).join())) return true;
  }
  for (const encoding of /** @type {const} */ (['utf8', 'latin1'])) {
    const bytes = Buffer.from(text, encoding);
    for (let i = 0; i + 12 <= secret.length; i++) {
      if (bytes.includes(secret.subarray(i, i + 12))) return true;
    }
  }
  return false;
}

function mayBeSecret(/** @type {string} */ word) {
  if (/^\W*arn:([^:]*:){4}/.test(word) && word.length <= 256) return false;
  const runs = word.match(/[\w+/=-]+/g) ?? [];
  return runs.some((run) => run.length >= MIN_SECRET && !UUID.test(run) && !isInWords(run));
}

/** Such as `GenerateDataKeyWithoutPlaintext`: random letters would have more capitals. */
function isInWords(/** @type {string} */ run) {
  const capitals = run.match(/[A-Z]/g)?.length ?? 0;
  return /^[A-Za-z]{1,64}$/.test(run) && 3 * capitals <= run.length;
}

function escapeUnseen(/** @type {string} */ char) {
  return char === '"' || char === '\\' ? char : escape(char);
}

function escape(/** @type {string} */ char) {
  if (char === ' ') return char;
  return NAMED[char] ?? `\\u{${/** @type {number} */ (char.codePointAt(0)).toString(16)}}`;
}

/**
 * Returns what the system said, without the path, which Node.js repeats as it is.
 *
 * @param {unknown} error
 */
function systemError(error) {
  const { code, syscall } = Object(error);
  const text = typeof syscall === 'string' ? `${syscall} failed: ${code}` : String(code ?? error);
  return Object.assign(new Error(sentence(text)), typeof code === 'string' ? { code } : {});
}

module.exports = { quotes, sentence, shown, shownPath, systemError };
