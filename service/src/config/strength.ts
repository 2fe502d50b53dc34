/** What a guesser needs to try at least, in bits, by how often characters are repeated. */
const LEAST_BITS = 96;

/** Whether a shared secret looks as if it was made at random, and long enough. */
export function isStrong(secret: string): boolean {
  return (
    secret.length >= 32 &&
    !isRepeated(secret) &&
    !isSequence(secret) &&
    bitsOf(secret) >= LEAST_BITS
  );
}

function isRepeated(text: string): boolean {
  return (text + text).indexOf(text, 1) < text.length;
}

/** Such as 0123456789 or fedcba: most characters follow from the one before. */
function isSequence(text: string): boolean {
  const steps = [...text].slice(1).map((_, at) => text.charCodeAt(at + 1) - text.charCodeAt(at));
  return steps.filter((step) => Math.abs(step) <= 1).length > steps.length / 2;
}

function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const share = (count: number) => count / text.length;
  const perCharacter = [...counts.values()].reduce(
    (bits, count) => bits - share(count) * Math.log2(share(count)),
    0,
  );
  return perCharacter * text.length;
}
