/** Each reason has one colour, on every chart and whatever else there is. */
const COLORS = {
  KMS_UNAVAILABLE: 'series-7',
  DATABASE_UNAVAILABLE: 'series-5',
  INTERNAL: 'series-8',
  KEY_UNUSABLE: 'series-10',
  WRONG_SECRET: 'series-3',
  CREDENTIAL_LOCKED: 'series-11',
  PAYLOAD_INVALID: 'series-4',
  PAYLOAD_EXPIRED: 'series-2',
  PAYLOAD_REPLAYED: 'series-9',
  KEY_LIMIT_REACHED: 'series-1',
};
const OTHERS = ['series-12', 'series-13', 'series-14', 'series-15'];

/** The name of the colour in the style sheet. */
export function colorOfReason(reason) {
  return COLORS[reason] ?? OTHERS[hash(reason) % OTHERS.length];
}

function hash(text) {
  return [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_521, 0);
}
