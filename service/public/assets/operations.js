/** In the order of a key's life; each operation keeps its colour, whatever else there is. */
const COLORS = {
  generate: 'series-1',
  rotate: 'series-2',
  encrypt: 'series-6',
  set: 'series-3',
  decrypt: 'series-4',
  verify: 'series-5',
};
const ORDER = Object.keys(COLORS);

export const colorOf = (operation) => COLORS[operation] ?? 'series-6';

export function inOrder(entries) {
  return entries.toSorted((a, b) => ORDER.indexOf(a.operation) - ORDER.indexOf(b.operation));
}
