'use strict';

/**
 * Returns the range that a `Range` header asks for, its end left out; `unsatisfiable` for what lies beyond the
 * end; and nothing for what RFC 9110, 14.2, lets a server answer with the whole: several ranges, other units,
 * and nonsense.
 *
 * @param {string | undefined} header
 * @param {number} size the length of the whole, in bytes
 * @returns {{ start: number, end: number } | 'unsatisfiable' | undefined}
 */
function rangeOf(header, size) {
  const list = /^bytes=(.*)$/i.exec(header ?? '')?.[1];
  if (list === undefined) return undefined;
  const ranges = list.split(',').map((text) => parse(text.trim(), size));
  if (ranges.includes('nonsense')) return undefined;
  const within = /** @type {{ start: number, end: number }[]} */ (
    ranges.filter((range) => typeof range === 'object')
  );
  if (within.length === 0) return 'unsatisfiable';
  return within.length === 1 ? within[0] : undefined;
}

/**
 * @param {string} text
 * @param {number} size
 * @returns {{ start: number, end: number } | 'beyond' | 'nonsense'}
 */
function parse(text, size) {
  const [, first = '', last = ''] = /^(\d*)-(\d*)$/.exec(text) ?? [];
  if (first === '' && last === '') return 'nonsense';
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length > 0 ? { start: size - length, end: size } : 'beyond';
  }
  if (last !== '' && Number(last) < Number(first)) return 'nonsense';
  if (Number(first) >= size) return 'beyond';
  return { start: Number(first), end: last === '' ? size : Math.min(Number(last) + 1, size) };
}

module.exports = { rangeOf };
